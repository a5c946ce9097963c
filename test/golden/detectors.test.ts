/** Detectors through the engine against the reference values of folder `detectors`: scores, what was fitted, searches. */
import { algebraHere, auroc, detectors, float32Data, type Fitted, type FittedDetector } from "oal-core";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import {
  expectClose,
  loadManifest,
  type GoldenCase,
  type GoldenEntry,
  type GoldenManifest,
} from "../../packages/oal/src/testing/golden.js";
import { convolutionLogits, convolutionScores, convolutionStreams } from "./detectorNet.js";
import { floats, headOf, outputSet, parametersOf } from "./detectorFeatures.js";
import { shapedLogits, shapedOfFeatures } from "./shapedLogits.js";
import { goldenSuite, unknownKind } from "../../packages/oal/src/testing/goldenSuite.js";
import { gramBounds, gramRows } from "../../packages/core/src/detection/detectors/gram.js";
import { readHeader } from "../../packages/core/src/detection/layered.js";
import { fitDetector, fitGround } from "../../packages/oal/src/evaluation/fit.js";
import { predictions, type OutputSet } from "../../packages/oal/src/evaluation/outputs.js";
import type { SetGroup } from "../../packages/oal/src/evaluation/result.js";
import { scoreSets } from "../../packages/oal/src/evaluation/score.js";
import { searchDetector, searchGrid } from "../../packages/oal/src/evaluation/search.js";

/** Detectors that leave the logits as they are, so that the class they call is the model's. */
const untouched =
  "msp mls ebo gen mcm temp_scaling klm mds rmds knn vim residual she gradnorm fdbd nci nnguide relation gram".split(
    " ",
  );
/** Those that call a class by logits of their own, which their scores are made of. */
const shaping = "react vra ash_b ash_p ash_s scale dice odin iodin adascale_a adascale_l rankfeat".split(" ");

const idOf = ({ hyper }: GoldenCase): string => {
  const id = String(hyper["detector"]);
  return detectors.has(id) ? detectors.find(id).id : id;
};

/** A case's parameters without what says which detector it is, and without a search's lists. */
function given(golden: GoldenCase, manifest: GoldenManifest): Record<string, unknown> {
  const { detector: _detector, sweep: _sweep, grid: _grid, ...hyper } = golden.hyper;
  return parametersOf(idOf(golden), hyper, manifest);
}

/** What was fitted, the scores of both sets, and the logits that these are made of. */
interface Outcome {
  readonly fitted: Fitted;
  readonly scores: readonly Float32Array[];
  readonly shaped: (k: number) => Promise<Float32Array>;
}

/** A detector of features, fitted on the case's training and validation features, and its scores of two sets. */
async function ofFeatures(
  golden: GoldenCase,
  parameters: Readonly<Record<string, unknown>>,
  tested: readonly string[],
): Promise<Outcome> {
  const head = headOf(golden);
  const part = (name: string, group: SetGroup, as = name): OutputSet[] =>
    golden.has(`${name}_features`) ? [{ ...outputSet(golden, head, name, group), name: as }] : [];
  const sets = tested.map((name, k) => outputSet(golden, head, name, k === 0 ? "test" : "far"));
  const known = [...part("train", "train"), ...part("val", "validation", "fit")];
  const asked = { detector: detectors.find(idOf(golden)), parameters };
  const ground = { engine: testEngine, head };
  if (golden.has("perturbed_weights")) {
    const { shape } = golden.entry("perturbed_weights");
    const weights = { dtype: "float32", shape, data: floats(golden, "perturbed_weights") } as const;
    const fitted: FittedDetector = { ...asked, parameters: {}, fitted: { tensors: { weights }, bank: null } };
    return { fitted: fitted.fitted, scores: await scoreSets(fitted, sets, ground), shaped: noLogits };
  }
  const streams = await fitGround(testEngine, [...known, ...sets], undefined, [asked], { head });
  const outcome = await fitDetector(asked, streams);
  if ("reason" in outcome) throw outcome.reason;
  const { fitted } = outcome;
  return {
    fitted: fitted.fitted,
    scores: await scoreSets(fitted, sets, ground),
    shaped: (k) => shapedOfFeatures(testEngine, fitted, sets[k] ?? expect.fail("no set"), head),
  };
}

const noLogits = (): Promise<never> => Promise.reject(new Error("its logits are not kept"));

/** Gram's bounds with the images that the reference held out: positions inside each class, classes in order of first appearance. */
async function fitGram(golden: GoldenCase, manifest: GoldenManifest): Promise<Fitted> {
  const labels = Array.from(golden.tensor("train_labels").data, Number);
  const order = [...new Set(labels)];
  const held = labels.map(() => false);
  const lists: unknown = golden.raw["validation_index"];
  if (!Array.isArray(lists)) throw new Error("no validation_index");
  lists.forEach((positions: unknown, k) => {
    const own = [...labels.keys()].filter((i) => labels[i] === order[k]);
    if (Array.isArray(positions)) for (const position of positions) held[own[Number(position)] ?? -1] = true;
  });
  const given: unknown = golden.hyper["powers"];
  const powers = Array.isArray(given) ? given.map(Number) : [];
  const streams = convolutionStreams(testEngine, manifest, golden)("train", ["measured"], (_graph, taps) => {
    if (!taps.maps) throw new Error("no maps");
    return gramRows(taps.maps, powers);
  });
  if (!streams) throw new Error("no training images");
  let columns: number[] = [];
  for await (const { taps } of streams.batches()) columns = readHeader(taps.measured.data);
  const whole = { ...streams, algebra: algebraHere, head: (): never => unknownKind(golden) };
  return { tensors: await gramBounds(whole, held, columns), bank: null };
}

/** A detector of images, through the reference's convolution net. */
async function ofImages(golden: GoldenCase, manifest: GoldenManifest): Promise<Outcome> {
  const detector = detectors.find(idOf(golden));
  const parameters = given(golden, manifest);
  const fitted =
    detector.id === "gram"
      ? await fitGram(golden, manifest)
      : await detector.fit(convolutionStreams(testEngine, manifest, golden), parameters);
  const own = { detector, fitted, parameters };
  const asked = (part: "id" | "ood", of?: typeof shapedLogits): Promise<Float32Array> =>
    convolutionScores(testEngine, manifest, golden, part, own, of);
  return {
    fitted,
    scores: [await asked("id"), await asked("ood")],
    shaped: (k) => asked(k === 0 ? "id" : "ood", shapedLogits),
  };
}

/** Ranks with ties shared, for Spearman's correlation. */
function ranks(values: ArrayLike<number>): number[] {
  const all = Array.from(values);
  return all.map(
    (value) =>
      all.filter((other) => other < value).length + all.filter((other) => other === value).length / 2,
  );
}

function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [ranks(a), ranks(b)];
  const mean = x.length / 2;
  const product = (u: number[], v: number[]): number =>
    u.reduce((sum, value, i) => sum + (value - mean) * ((v[i] ?? 0) - mean), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

/** Compares scores; where the reference allows it, their order suffices. */
function expectScores(golden: GoldenCase, got: Float32Array, entry: GoldenEntry): void {
  const enough = golden.raw["rank_correlation"];
  try {
    expectClose(got, entry);
  } catch (error) {
    if (typeof enough !== "number") throw error;
    expect(spearman(got, Array.from(entry.load().data, Number))).toBeGreaterThanOrEqual(enough);
  }
}

/** A^T A of a whitening, flat. */
function squared(matrix: Float32Array, width: number): number[] {
  const rows = matrix.length / width;
  return Array.from({ length: width * width }, (_, k) => {
    let sum = 0;
    for (let r = 0; r < rows; r++)
      sum += (matrix[r * width + Math.floor(k / width)] ?? 0) * (matrix[r * width + (k % width)] ?? 0);
    return sum;
  });
}

/** What was fitted under the reference's names, where we keep the same or what it follows from. */
function intermediates(
  { tensors, bank }: Fitted,
  id: string,
): Readonly<Record<string, () => ArrayLike<number>>> {
  const numbers = (name: string): Float32Array => {
    const tensor = tensors[name];
    if (!tensor) throw new Error(`${id} keeps no ${name}`);
    return float32Data(tensor);
  };
  const width = (name: string): number => tensors[name]?.shape.at(-1) ?? 0;
  return {
    temperature: () => numbers("temperature"),
    mean_softmax: () => {
      const excluded = numbers("excluded");
      return numbers("logTypical").map((log, k) => (excluded[k] === 1 ? 0 : Math.exp(log)));
    },
    precision: () => squared(numbers("whitening"), width("whitening")),
    whole_mean: () => numbers("middle"),
    whole_precision: () => squared(numbers("background"), width("background")),
    u: () => numbers("origin"),
    alpha: () => numbers("alpha"),
    residual_projector: () =>
      squared(numbers("axes"), width("axes")).map((x, k) => (k % (width("axes") + 1) === 0 ? 1 : 0) - x),
    threshold: () => (id === "vra" ? [...numbers("low"), ...numbers("high")] : numbers("threshold")),
    mask: () => numbers("weight").map((w) => (w === 0 ? 0 : 1)),
    patterns: () => numbers("patterns"),
    mav: () => numbers("means"),
    bank_size: () => [bank?.count ?? 0],
    ecdf_sorted: () => numbers("shifts"),
  };
}

async function check(golden: GoldenCase, manifest: GoldenManifest): Promise<void> {
  const id = idOf(golden);
  if (golden.has("val_auroc")) return checkSearch(golden, manifest);
  const hasImages = golden.has("id_images");
  if (id === "none") {
    for (const part of ["id", "ood"] as const)
      expectClose(
        hasImages
          ? await convolutionLogits(testEngine, manifest, golden, part)
          : outputSet(golden, headOf(golden), part, "test").logits.read(
              0,
              golden.entry(`${part}_features`).shape[0] ?? 0,
            ),
        golden.entry(`${part}_logits`),
      );
    return;
  }
  if (!golden.has("conf_id")) return unknownKind(golden);
  const { fitted, scores, shaped } = hasImages
    ? await ofImages(golden, manifest)
    : await ofFeatures(golden, given(golden, manifest), ["id", "ood"]);
  ["id", "ood"].forEach((part, k) =>
    expectScores(golden, scores[k] ?? new Float32Array(), golden.entry(`conf_${part}`)),
  );
  const known = intermediates(fitted, id);
  for (const entry of golden.results) {
    const found = known[entry.name];
    if (found) expectClose(found(), entry);
  }
  if (!golden.has("pred_id") || !isCalled(id)) return;
  for (const [k, part] of (["id", "ood"] as const).entries()) {
    const count = golden.entry(`pred_${part}`).shape[0] ?? 1;
    const logits = shaping.includes(id)
      ? await shaped(k)
      : hasImages
        ? await convolutionLogits(testEngine, manifest, golden, part)
        : outputSet(golden, headOf(golden), part, "test").logits.read(0, count);
    const classes = logits.length / count;
    const rows = {
      count,
      width: classes,
      read: (from: number, to: number) => logits.subarray(from * classes, to * classes),
    };
    expectClose(predictions(rows), golden.entry(`pred_${part}`));
  }
}

/** Whether the class that a detector calls is known. */
const isCalled = (id: string): boolean => untouched.includes(id) || shaping.includes(id);

/** The reference's grid by its own values; where ours is the same, by the search itself. */
async function checkSearch(golden: GoldenCase, manifest: GoldenManifest): Promise<void> {
  const id = idOf(golden);
  const sweep = Object.keys(Object(golden.hyper["sweep"])).map((name) => name.replace(/_list$/, ""));
  const grid: unknown[] = Array.isArray(golden.hyper["grid"]) ? golden.hyper["grid"] : [];
  const points = grid.map((point) => {
    const values: unknown[] = Array.isArray(point) ? point : [];
    return parametersOf(id, Object.fromEntries(sweep.map((name, i) => [name, values[i]])), manifest);
  });
  const detector = detectors.find(id);
  const found: number[] = [];
  if (isDeepStrictEqual(searchGrid(detector, {}), points)) {
    const head = headOf(golden);
    const sets = [
      outputSet(golden, head, "train", "train"),
      outputSet(golden, head, "val", "validation"),
      outputSet(golden, head, "val_ood", "validation-near"),
    ];
    const asked = { detector, parameters: {} };
    const ground = await fitGround(testEngine, sets, undefined, [asked], { head });
    const outcome = await searchDetector(asked, ground, { engine: testEngine, head });
    if ("reason" in outcome) throw outcome.reason;
    const { candidates } = outcome.search ?? { candidates: [] };
    expect(candidates.map(({ parameters }) => parameters)).toEqual(points);
    found.push(...candidates.map((each) => each.auroc));
    expect(outcome.fitted.parameters).toMatchObject(points[found.indexOf(Math.max(...found))] ?? {});
  } else
    for (const point of points) {
      const { scores } = await ofFeatures(golden, point, ["val", "val_ood"]);
      found.push(auroc(scores[0] ?? [], scores[1] ?? []));
    }
  expectClose(found, golden.entry("val_auroc"));
  expectClose([found.indexOf(Math.max(...found))], golden.entry("chosen_first_maximum"));
  expectClose([found.lastIndexOf(Math.max(...found))], golden.entry("chosen_last_maximum"));
}

/** What is not compared, and why. */
const left: Readonly<Record<string, string>> = {
  class_mean: "is kept whitened; the scores follow from it",
  eigenvalues: "are not kept; the projector is compared",
  weibull: "is kept in another form; the scores follow from it",
  normalize_factors: "are kept within the weights of the deviations; the scores follow from them",
  input_gradient_first16: "is inside the scores of odin",
};

goldenSuite("detectors", {
  check: (golden) => {
    const manifest = loadManifest("detectors");
    return manifest ? check(golden, manifest) : undefined;
  },
  leaves: ({ name }, golden) =>
    left[name] ??
    (name.startsWith("pred_") && !isCalled(idOf(golden))
      ? "is the last class in place of unknown below 0.9, a slip of the reference (openmax)"
      : undefined),
});
