/** Deviation of the Gram matrices of feature maps from what the training images of a class have. */
import { oalError } from "../../errors/index.js";
import {
  abs,
  add,
  concat,
  div,
  greaterOrEqual,
  mul,
  neg,
  pow,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  softmax,
  sub,
  where,
  type Tensor,
  type Value,
} from "../../graph/index.js";
import { Random } from "../../random/index.js";
import { defineDetector } from "../detector.js";
import type { FitStreams } from "../fit.js";
import { eachImage, floats, rowOf } from "../fitting/statistics.js";
import { readHeader, withHeader } from "../layered.js";
import { integer, list } from "../parameters.js";
import { ofPredictedClass } from "../shaping.js";

/** The share of a class's training images that are held out to see how far images of its own deviate. */
const heldOutShare = 0.1;

/**
 * Row sums of the Gram matrices of each map, [N, channels · powers]: for map A [c, hw] and power p, G = A^p (A^p)^T summed by rows,
 * then sign(G) |G|^(1/p). The row sums need no matrix: Σ_x A_i(x)^p (Σ_j A_j(x)^p).
 */
function gramSums(maps: ReadonlyMap<string, Value>, powers: readonly number[]): Value[] {
  return Array.from(maps.values(), (map) => {
    const [count = 0] = map.dims;
    const channels = map.size(1);
    const flat = reshape(map, [count, channels, map.size(2) * map.size(3)]);
    const sums = powers.map((power) => {
      const raised = power === 1 ? flat : pow(flat, power);
      const own = reduceSum(mul(raised, reduceSum(raised, [1], true)), [2]);
      return power === 1 ? own : mul(where(greaterOrEqual(own, 0), 1, -1), pow(abs(own), 1 / power));
    });
    return concat(sums, 1);
  });
}

/** What a fit reads of every image: the sums behind their header. */
export function gramRows(maps: ReadonlyMap<string, Value>, powers: readonly number[]): Value {
  return withHeader(gramSums(maps, powers), "gram");
}

/**
 * Least and largest sums by class, and what a deviation of each column counts: 1 / (n |bound + 1e-6|), n the map's mean deviation over
 * the images held out.
 *
 * @param heldOut  by image, whether it is held out
 * @param maps  by column, the map it belongs to; what stands before the columns is not read
 * @throws OAL-E290 for a class without images
 */
export async function gramBounds(
  streams: FitStreams<"measured">,
  heldOut: readonly boolean[],
  maps: readonly number[],
): Promise<Readonly<Record<"low" | "high" | "belowWeight" | "aboveWeight", Tensor>>> {
  const { classes } = streams;
  const width = maps.length;
  const low = new Float32Array(classes * width).fill(Infinity);
  const high = new Float32Array(classes * width).fill(-Infinity);
  let at = 0;
  await eachImage(streams, ({ labels, taps: { measured } }, i) => {
    if (heldOut[at++]) return;
    const from = (labels[i] ?? 0) * width;
    rowOf(measured, i)
      .slice(-width)
      .forEach((value, k) => {
        low[from + k] = Math.min(low[from + k] ?? 0, value);
        high[from + k] = Math.max(high[from + k] ?? 0, value);
      });
  });
  const empty = Array.from({ length: classes }, (_, c) => low[c * width] ?? 0).indexOf(Infinity);
  if (empty >= 0) throw oalError("OAL-E290", { detector: "gram", category: empty, what: "images" });
  const deviations = new Float64Array((maps.at(-1) ?? 0) + 1);
  let count = 0;
  at = 0;
  await eachImage(streams, ({ labels, taps: { measured } }, i) => {
    if (!heldOut[at++]) return;
    count++;
    const from = (labels[i] ?? 0) * width;
    rowOf(measured, i)
      .slice(-width)
      .forEach((value, k) => {
        const [least, most] = [low[from + k] ?? 0, high[from + k] ?? 0];
        const below = Math.max(0, least - value) / Math.abs(least + 1e-6);
        const above = Math.max(0, value - most) / Math.abs(most + 1e-6);
        deviations[maps[k] ?? 0] = (deviations[maps[k] ?? 0] ?? 0) + below + above;
      });
  });
  const means = deviations.map((sum) => sum / Math.max(1, count));
  if (means.some((mean) => !(mean > 0)))
    throw oalError("OAL-E292", {
      detector: "gram",
      problem: `none of the ${count} images held out deviates from the others, so that a deviation has no measure`,
    });
  const weights = (bounds: Float32Array): Tensor =>
    floats(
      [classes, width],
      bounds.map((bound, k) => 1 / (Math.abs(bound + 1e-6) * (means[maps[k % width] ?? 0] ?? 1))),
    );
  return {
    low: floats([classes, width], low),
    high: floats([classes, width], high),
    belowWeight: weights(low),
    aboveWeight: weights(high),
  };
}

/** Draws, of every class, the images that are held out. */
function drawHeldOut(labels: readonly number[], classes: number, seed: number): boolean[] {
  const held = labels.map(() => false);
  for (let c = 0; c < classes; c++) {
    const own = [...labels.keys()].filter((i) => labels[i] === c);
    const order = new Random(seed, "detector/gram").permutation(c, own.length);
    for (const k of order.subarray(0, Math.floor(heldOutShare * own.length))) held[own[k] ?? 0] = true;
  }
  return held;
}

/**
 * Gram: -(Σ over maps and powers of the deviation δ / n_map) / max_c p_c, at most 0, with the bounds of the called class:
 * δ = Σ_i relu(min_i - G_i) / |min_i + 1e-6| + relu(G_i - max_i) / |max_i + 1e-6|. A tenth of each class's training images is held out
 * for n. The maps are those that the model shows: of oal's networks what each stage gives, of foreign ones the last of every size.
 *
 * @cost Σ channels h w per map and power; four numbers per class, map, power and channel
 * @source Sastry and Oore 2020, "Detecting Out-of-Distribution Examples with Gram Matrices", in OpenOOD's present form
 */
export const gram = defineDetector({
  id: "gram",
  title: "Gram matrices",
  aliases: ["gramMatrices"],
  needs: ["maps", "logits"],
  source: "Sastry and Oore 2020",
  formula: "-Σ δ/n / max_c p_c",
  cost: "Σ c h w for every map and power; four numbers per class, map, power and channel",
  notes: [
    "OpenOOD takes the outputs of every convolution and ReLU module; here the maps are those that the model shows.",
    "The authors take powers 1 to 10, bounds of the training pictures that are called a class, and n of a tenth of the known test pictures; OpenOOD powers 1 to 5, training pictures by label, and n of a tenth of them, held out.",
    "Earlier versions of OpenOOD summed over channels and had the opposite sign.",
    "pytorch-ood takes the layers that it is given and does not divide by the largest probability; its earlier versions are like OpenOOD's earlier ones.",
  ],
  parameters: {
    powers: list({
      of: "integer",
      min: 1,
      max: 10,
      default: [1, 2, 3, 4, 5],
      search: [[1, 2, 3, 4, 5]],
      description: "the powers of a map whose products are compared",
      reason: "OpenOOD's",
    }),
    seed: integer({
      min: 0,
      default: 0,
      description: "seed of which training images are held out",
      reason: "any seed will do",
    }),
  },
  fit: {
    on: "train",
    labelled: true,
    needs: ["measured"],
    measure: (_graph, { maps }, { powers }) => gramRows(maps, powers),
    tensors: ["low", "high", "belowWeight", "aboveWeight"],
    async run(streams, { seed }) {
      const labels: number[] = [];
      let columns: number[] = [];
      await eachImage(streams, ({ labels: own, taps: { measured } }, i) => {
        if (labels.length === 0) columns = readHeader(rowOf(measured, i));
        labels.push(own[i] ?? 0);
      });
      return gramBounds(streams, drawHeldOut(labels, streams.classes, seed), columns);
    },
  },
  score(_graph, { maps, logits, fitted }, { powers }) {
    const sums = concat(gramSums(maps, powers), 1);
    const of = (table: Value): Value => ofPredictedClass(table, logits);
    const below = mul(relu(sub(of(fitted.low), sums)), of(fitted.belowWeight));
    const above = mul(relu(sub(sums, of(fitted.high))), of(fitted.aboveWeight));
    return neg(div(reduceSum(add(below, above), [1]), reduceMax(softmax(logits, 1), [1])));
  },
});
