/** Model files to ask everywhere: classifiers with every detector that a file can hold, fitted and calibrated on some pictures. */
import {
  detectors,
  float32Data,
  makeDecision,
  memoryRows,
  uint8Tensor,
  type Classifier,
  type FittedDetector,
  type Tensor,
} from "oal-core";
import {
  readBundle,
  writeBundle,
  type BundleContents,
  type Preprocessing,
} from "../../packages/oal/src/bundle/index.js";
import type { BundleFacts } from "../../packages/oal/src/bundle/facts.js";
import { fitDetector, fitGround, isUnfit } from "../../packages/oal/src/evaluation/fit.js";
import { testEngine as engine } from "../../packages/oal/src/testing/engine.js";

/** Pictures as planes, uint8 [n, 3, S, S], and their classes. */
export interface Shown {
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
}

/** What becomes a model file. */
export interface Ingredients {
  /** A fresh graph each call. */
  readonly classifier: () => Classifier;
  readonly preprocessing: Preprocessing;
  readonly classNames: readonly string[];
  readonly train: Shown;
  readonly validation: Shown;
  /** Whether detectors are fitted that look at maps and gradients of every training picture; of large pictures that takes minutes. */
  readonly fitsInside: boolean;
}

const batch = 16;

/** Outputs of a graph on pictures, row by row. */
async function outputsOf(
  { graph }: Classifier,
  { pixels, labels }: Shown,
  size: number,
  names: readonly string[],
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const session = await engine.compile(graph);
  const found = new Map(names.map((name): [string, number[]] => [name, []]));
  const row = 3 * size * size;
  for (let at = 0; at < labels.length; at += batch) {
    const count = Math.min(batch, labels.length - at);
    const images = uint8Tensor([count, 3, size, size], pixels.slice(at * row, (at + count) * row));
    const outputs = await session.run({ images }, names);
    for (const name of names) {
      const output: Tensor | undefined = outputs[name];
      if (output) for (const value of float32Data(output)) found.get(name)?.push(value);
    }
  }
  await session.release();
  return new Map([...found].map(([name, values]) => [name, Float32Array.from(values)]));
}

/**
 * Writes a model file with every registered detector whose taps the classifier shows; the first of them decides.
 *
 * @returns what the file says of itself
 */
export async function writeEverything(path: string, ingredients: Ingredients): Promise<BundleFacts> {
  const { classifier, preprocessing, classNames, train, validation, fitsInside } = ingredients;
  const size = preprocessing.crop;
  const shown = classifier();
  shown.graph.output("logits", shown.taps.logits);
  if (shown.taps.features) shown.graph.output("features", shown.taps.features);
  const names = shown.taps.features ? ["logits", "features"] : ["logits"];
  const said = await outputsOf(shown, train, size, names);
  const rowsOf = (name: string): ReturnType<typeof memoryRows> => {
    const values = said.get(name) ?? new Float32Array(train.labels.length);
    return memoryRows(values, values.length / train.labels.length);
  };
  const row = 3 * size * size;
  const stored = {
    labels: train.labels,
    ids: Array.from(train.labels, (_, i) => String(i)),
    logits: rowsOf("logits"),
    features: rowsOf("features"),
    images: { read: (start: number, end: number) => train.pixels.subarray(start * row, end * row) },
  };
  const sets = [
    { ...stored, name: "train", group: "train" },
    { ...stored, name: "validation", group: "validation" },
  ] as const;
  const asked = detectors.all.map((detector) => ({ detector, parameters: {} }));
  const { head } = shown.taps;
  const [weight, bias] = [head?.weight.constant, head?.bias.constant];
  const last = weight && bias ? { weight, bias } : undefined;
  const model = fitsInside ? { batch, size, build: classifier } : undefined;
  const ground = await fitGround(engine, sets, model, asked, { head: last });
  const fitted: FittedDetector[] = [];
  const scoring = classifier();
  for (const detector of detectors.all) {
    try {
      const outcome = await fitDetector({ detector, parameters: {} }, ground);
      if ("reason" in outcome) continue;
      const each = outcome.fitted;
      scoring.graph.output(
        `score.${detector.id}`,
        detector.score(scoring.graph, scoring.taps, each.fitted, each.parameters),
      );
      fitted.push(each);
    } catch (error) {
      if (!isUnfit(error)) throw error; // a tap that this classifier does not show, or too few images
    }
  }
  const ids = fitted.map(({ detector }) => detector.id);
  const scores = await outputsOf(
    scoring,
    validation,
    size,
    ids.map((id) => `score.${id}`),
  );
  const contents: BundleContents = {
    classifier: classifier(),
    version: "0.1.0",
    name: "everywhere",
    preprocessing,
    classNames,
    decides: ids[0] ?? "",
    detectors: fitted.map((each) => ({
      fitted: each,
      decision: makeDecision(scores.get(`score.${each.detector.id}`) ?? [], { detector: each.detector.id }),
    })),
    ingredients: [],
    notes: {},
  };
  const images = uint8Tensor([2, 3, size, size], validation.pixels.slice(0, 6 * size * size));
  await writeBundle(path, contents, { engine, images, expected: {} });
  return readBundle(path);
}
