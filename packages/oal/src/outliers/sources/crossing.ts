/** Pictures just across the boundary between two classes, as the teacher draws it. */
import {
  add,
  argMax,
  cast,
  gradients,
  logSumExp,
  mul,
  oalError,
  oneHot,
  reduceMax,
  reduceSum,
  reshape,
  sub,
  type Value,
} from "oal-core";
import { z } from "zod";
import { positive, real, whole } from "../../fields.js";
import { classesInTurn } from "../../data/classesInTurn.js";
import { rowFunction, rowLengths, rowsNamed, unitRows } from "../rowGraphs.js";
import { logitsOfFeatures } from "../teacherGraphs.js";
import { defineMadeSource, type MakeRequest } from "./made.js";
import { gathered } from "./pick.js";

/** One step of features up the loss of their class, and where they stand before it. */
export interface CrossingStep {
  /** float32 [N, F], as long as they were. */
  readonly next: Value;
  /** max over other classes of the logit, minus that of their own, float32 [N]: above 0 across the boundary. */
  readonly margin: Value;
  /** The class of the largest logit, float32 [N, 1]. */
  readonly towards: Value;
}

/**
 * z' = |z| unit(z + α |z| unit(∇ CE(logits(z), y))): a gradient step of a fixed angle, about α.
 *
 * @param features z, float32 [N, F]
 * @param labels y, float32 [N, 1]
 * @param logitsOf the teacher's head as a graph function
 */
export function crossingStep(
  features: Value,
  labels: Value,
  step: number,
  logitsOf: (features: Value) => Value,
): CrossingStep {
  const logits = logitsOf(features);
  const [rows, classes] = [logits.size(0), logits.size(1)];
  const own = cast(oneHot(reshape(cast(labels, "int64"), [rows]), classes), "float32");
  const ownLogit = reduceSum(mul(logits, own), [1]);
  const loss = reduceSum(sub(logSumExp(logits, [1]), ownLogit), [0]);
  const [gradient = features] = gradients(loss, [features]);
  const length = rowLengths(features);
  const moved = add(features, mul(unitRows(gradient), mul(length, step)));
  // the own class is put below all others
  const others = sub(logits, mul(own, 1e9));
  return {
    next: mul(unitRows(moved), length),
    margin: sub(reduceMax(others, [1]), ownLogit),
    towards: reshape(cast(argMax(logits, 1), "float32"), [rows, 1]),
  };
}

const schema = z.strictObject({
  step: positive(0.02, 1, "length of a gradient step as a share of the embedding's").meta({
    reason: "about one degree, so that what lies just across the boundary is not stepped over",
  }),
  steps: whole(100, 1, 10_000, "steps within which an embedding has to come to another class").meta({
    reason: "100 steps are two radians: what has not crossed by then lies at no boundary",
  }),
  beyond: whole(2, 0, 1000, "steps across the boundary").meta({
    reason:
      "0 stands on the boundary itself; a few degrees leave the teacher in doubt, many make a picture of the other class",
  }),
  share: real(
    0.25,
    0.001,
    1,
    "share of every class's embeddings that is taken, those that cross soonest",
  ).meta({
    reason:
      "the embeddings nearest to a boundary; a quarter of a bank of 500 gives each of 1000 pictures an embedding of its own",
  }),
});

/**
 * Source "crossing". Every training picture's feature, as the teacher sees it, climbs the loss of its own class by
 * {@link crossingStep}; of each class the share that needs the fewest steps to another class is kept, `beyond` steps after it crossed.
 * These are the conditions, classes in turn.
 *
 * Differs from BOOD: there an encoder is trained whose features are classified by their cosine to the classes' text tokens; here the
 * space and the classifier are the teacher's own, so nothing is trained. Steps have a fixed length and features keep theirs, because
 * the condition is a direction. Features that the teacher assigns to another class from the start are left out.
 *
 * @source Liao et al. 2025 (BOOD, arXiv 2508.00350), as its abstract and public descriptions tell it
 */
export const crossingBoundary = defineMadeSource({
  id: "crossing",
  version: 1,
  title:
    "decoded latents of embeddings that gradient steps moved just across the teacher's decision boundary",
  formula:
    "x = decoder(sampler(noise; z)), z <- |z| unit(z + α|z| unit(∇ CE(head(z), y))) until argmax head(z) ≠ y, and c steps more; the share r that crosses soonest",
  source: "Liao et al. 2025 (BOOD, arXiv 2508.00350)",
  section: "crossing",
  about: "outlier pictures just across the teacher's decision boundary",
  schema,
  course: async (request, options) => {
    const { known, count, seed } = request;
    const features = await request.features();
    const { rows, crossed, towards } = await crossedFeatures(request, features, options);
    if (rows.length === 0) throw oalError("OAL-D189", { count: known.labels.length, steps: options.steps });
    const embeddings = await request.toConditions(crossed);
    const labels = Int32Array.from(rows, (row) => known.labels[row] ?? -1);
    const chosen = classesInTurn(labels, count, seed, "synthesis/crossing");
    const others = Int32Array.from(chosen, (row) => towards[row] ?? -1);
    const dimension = embeddings.length / rows.length;
    return { conditions: { embeddings, dimension, labels }, chosen, others };
  },
});

/** The features that are kept, where they stand, and the classes that they came to. */
async function crossedFeatures(
  { engine, known, teacher, onProgress }: MakeRequest,
  features: Float32Array,
  { step, steps, beyond, share }: z.output<typeof schema>,
): Promise<{ rows: number[]; crossed: Float32Array; towards: number[] }> {
  const count = known.labels.length;
  const width = features.length / Math.max(1, count);
  const made = await rowFunction(engine, { features: width, labels: 1 }, (inputs) => {
    const given = rowsNamed(inputs, "features");
    const moved = crossingStep(given, rowsNamed(inputs, "labels"), step, (z) =>
      logitsOfFeatures(z, teacher, "crossing"),
    );
    return { next: moved.next, margin: moved.margin, towards: moved.towards };
  });
  const crossedAt = new Int32Array(count).fill(-1);
  const ends = new Float32Array(features.length);
  const towards = new Int32Array(count).fill(-1);
  try {
    // rows that are still on their way
    let open = Array.from({ length: count }, (_, row) => row);
    let standing = features;
    for (let at = 0; at <= steps + beyond && open.length > 0; at++) {
      const found = await made.run({
        features: { values: standing, width },
        labels: { values: Float32Array.from(open, (row) => known.labels[row] ?? 0), width: 1 },
      });
      const left: number[] = [];
      open.forEach((row, i) => {
        if (crossedAt[row] === -1 && (found["margin"]?.[i] ?? 0) > 0) crossedAt[row] = at;
        const since = crossedAt[row] ?? -1;
        const isDone = since >= 0 && at === since + beyond;
        if (isDone) {
          ends.set(standing.subarray(i * width, (i + 1) * width), row * width);
          towards[row] = found["towards"]?.[i] ?? -1;
        }
        // wrong from the start, arrived, or too late
        if (since !== 0 && !isDone && !(since === -1 && at >= steps)) left.push(i);
      });
      standing = gathered(found["next"] ?? standing, width, left);
      open = left.map((i) => open[i] ?? 0);
      onProgress(at + 1, steps + beyond + 1, "moving embeddings across the boundary");
    }
  } finally {
    await made.release();
  }
  const rows = soonest(known.labels, crossedAt, share);
  return {
    rows,
    crossed: gathered(ends, width, rows),
    towards: rows.map((row) => towards[row] ?? -1),
  };
}

/** Of every class the share of its rows that crossed soonest, at least one where any did, in the order of the rows. */
function soonest(labels: Int32Array, crossedAt: Int32Array, share: number): number[] {
  const all = Array.from(labels, (_, row) => row);
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  return classes
    .flatMap((label) => {
      const own = all.filter((row) => labels[row] === label);
      const crossing = own.filter((row) => (crossedAt[row] ?? -1) > 0);
      crossing.sort((a, b) => (crossedAt[a] ?? 0) - (crossedAt[b] ?? 0) || a - b);
      return crossing.slice(0, Math.max(1, Math.round(share * own.length)));
    })
    .sort((a, b) => a - b);
}
