/** The convolution net of the reference's image cases, from the manifest's sizes, and what a fit reads through it. */
import {
  conv2d,
  float32Data,
  gemm,
  Graph,
  reduceMean,
  relu,
  type Classifier,
  type Detector,
  type Engine,
  type FitBatch,
  type FitRows,
  type FitSource,
  type Fitted,
  type StreamTap,
  type Tensor,
  type Value,
} from "oal-core";
import type { GoldenCase, GoldenManifest } from "../../packages/oal/src/testing/golden.js";

/** A part of the images of a case: "train", "val", "id" or "ood". */
export type ImagePart = "train" | "val" | "id" | "ood";

function floats(golden: GoldenCase, name: string): Tensor {
  const { shape, data } = golden.tensor(name);
  return { dtype: "float32", shape, data: Float32Array.from<number | bigint>(data, Number) };
}

/**
 * conv1 and layer1 to layer4 (3x3, one pixel of zeros around, the manifest's strides), each with ReLU, mean over places, linear layer. Fed with
 * floats. The maps are the outputs of every convolution and every ReLU, in the order of computation.
 */
export function convolutionNet({ raw }: GoldenManifest, golden: GoldenCase, count: number): Classifier {
  const strides = Array.isArray(raw["conv_strides"]) ? raw["conv_strides"].map(Number) : [];
  const size = Number(raw["image_size"]);
  const graph = new Graph();
  const images = graph.input("images", { dtype: "float32", shape: [count, 3, size, size] });
  const constant = (name: string): Value => graph.constant(floats(golden, name), name);
  const maps = new Map<string, Value>();
  let x = images;
  for (const [k, stride] of strides.entries()) {
    const layer = k === 0 ? "conv1" : `layer${k}.0`;
    x = conv2d(x, constant(`${layer}.weight`), constant(`${layer}.bias`), {
      strides: [stride, stride],
      pads: [1, 1, 1, 1],
    });
    maps.set(layer, x);
    x = relu(x);
    maps.set(`${layer}.relu`, x);
  }
  const features = reduceMean(x, [2, 3], false);
  const [weight, bias] = [constant("fc.weight"), constant("fc.bias")];
  const apply = (given: Value): Value => gemm(given, weight, bias, { transB: true });
  const head = { weight, bias, apply };
  return { graph, taps: { images, input: images, logits: apply(features), features, head, maps } };
}

/** Runs a classifier, with one value of it as the output, on a part of the images. */
async function outputOf(
  engine: Engine,
  golden: GoldenCase,
  part: ImagePart,
  built: Classifier,
  value: Value,
): Promise<Tensor> {
  built.graph.output("result", value);
  const session = await engine.compile(built.graph);
  try {
    const { result } = await session.run({ images: floats(golden, `${part}_images`) });
    if (!result) throw new Error("no result");
    return result;
  } finally {
    await session.release();
  }
}

const countOf = (golden: GoldenCase, part: ImagePart): number => golden.entry(`${part}_images`).shape[0] ?? 0;

/** Streams of any tap, and of what a fit measures, of the training and validation images of a case. */
export function convolutionStreams(engine: Engine, manifest: GoldenManifest, golden: GoldenCase): FitSource {
  return (set, names, measured) => {
    const part: ImagePart = set === "train" ? "train" : "val";
    if (!golden.has(`${part}_images`)) return null;
    const count = countOf(golden, part);
    const labels = golden.has(`${part}_labels`)
      ? Int32Array.from<number | bigint>(golden.tensor(`${part}_labels`).data, Number)
      : new Int32Array(count);
    const rowsOf = async (name: StreamTap): Promise<FitRows> => {
      const built = convolutionNet(manifest, golden, count);
      const { logits, features } = built.taps;
      const value =
        name === "measured" ? measured?.(built.graph, built.taps) : name === "logits" ? logits : features;
      if (!value) throw new Error(`nothing is ${name}`);
      const { shape, data } = await outputOf(engine, golden, part, built, value);
      return { shape, data: float32Data({ dtype: "float32", shape, data }) };
    };
    return {
      set,
      count,
      classes: golden.entry("fc.bias").shape[0] ?? 0,
      async *batches() {
        const taps = await Promise.all(names.map(async (name) => [name, await rowsOf(name)] as const));
        yield batchOf(count, labels, taps);
      },
    };
  };
}

function batchOf<Name extends string>(
  count: number,
  labels: Int32Array,
  taps: readonly (readonly [Name, FitRows])[],
): FitBatch<Name> {
  const found: Partial<Record<Name, FitRows>> = {};
  for (const [name, rows] of taps) found[name] = rows;
  const isWhole = (record: Partial<Record<Name, FitRows>>): record is Record<Name, FitRows> =>
    taps.every(([name]) => record[name] !== undefined);
  if (!isWhole(found)) throw new Error("a tap is missing");
  return { count, labels, taps: found };
}

/** Confidences of a fitted detector on a part of the images, or another value that its score is made of. */
export async function convolutionScores(
  engine: Engine,
  manifest: GoldenManifest,
  golden: GoldenCase,
  part: ImagePart,
  {
    detector,
    fitted,
    parameters,
  }: { detector: Detector; fitted: Fitted; parameters: Readonly<Record<string, unknown>> },
  of: (confidence: Value) => Value = (confidence) => confidence,
): Promise<Float32Array> {
  const built = convolutionNet(manifest, golden, countOf(golden, part));
  const value = of(detector.score(built.graph, built.taps, fitted, parameters));
  return float32Data(await outputOf(engine, golden, part, built, value));
}

/** Class scores of the net on a part of the images, [n, C] flat. */
export async function convolutionLogits(
  engine: Engine,
  manifest: GoldenManifest,
  golden: GoldenCase,
  part: ImagePart,
): Promise<Float32Array> {
  const built = convolutionNet(manifest, golden, countOf(golden, part));
  return float32Data(await outputOf(engine, golden, part, built, built.taps.logits));
}
