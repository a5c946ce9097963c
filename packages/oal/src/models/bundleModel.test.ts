/** A model file of oal is a model like any other: its detectors are left behind, its taps are found again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  conv2d,
  detectors,
  exposeTaps,
  float32Tensor,
  gemm,
  Graph,
  makeDecision,
  normaliseImages,
  preprocessImage,
  reduceMean,
  relu,
  tapNames,
  toNumbers,
  toPlanes,
  uint8Tensor,
  type Classifier,
  type Tensor,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { assembleBundle, type BundleContents } from "../bundle/assemble.js";
import { writeAssembled, writeBundle } from "../bundle/write.js";
import { withInputForm, type InputForm } from "../exporting/inputForm.js";
import { testEngine } from "../testing/engine.js";
import { checkTaps } from "./checkTaps.js";
import { loadModelFile } from "./load.js";

const folder = mkdtempSync(join(tmpdir(), "oal-models-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const numbers = (shape: readonly number[]): Tensor =>
  float32Tensor(
    shape,
    Array.from({ length: shape.reduce((all, size) => all * size, 1) }, (_, i) => Math.sin(3 * i + 1)),
  );
const normalisation = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] } as const;

function classifier(): Classifier {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: ["batch", 3, 6, 6] });
  const input = normaliseImages(images, normalisation);
  const map = relu(conv2d(input, graph.constant(numbers([5, 3, 3, 3]), "conv"), null, { pads: 1 }));
  const features = reduceMean(map, [2, 3], false);
  const logits = gemm(features, graph.constant(numbers([2, 5]), "fc"), graph.constant(numbers([2])), {
    transB: true,
  });
  return { graph, taps: { images, input, logits, features, maps: new Map() } };
}

const preprocessing = {
  resize: 7,
  crop: 6,
  interpolation: "bicubic",
  orientation: "ignore",
  maxPixels: 1000,
  mean: [...normalisation.mean],
  std: [...normalisation.std],
} as const;

const contents = (): BundleContents => {
  const ebo = {
    detector: detectors.find("ebo"),
    parameters: { temperature: 1 },
    fitted: { tensors: {}, bank: null },
  };
  return {
    classifier: classifier(),
    version: "0.1.0",
    name: "two",
    preprocessing: { ...preprocessing, mean: [...preprocessing.mean], std: [...preprocessing.std] },
    classNames: ["ant", "bee"],
    decides: "ebo",
    detectors: [{ fitted: ebo, decision: makeDecision([1, 2, 3], { detector: "ebo", target: 0.5 }) }],
    ingredients: [],
    notes: {},
  };
};

describe("a model file of oal that resizes pictures itself", () => {
  const written = async (input: InputForm): Promise<string> => {
    const { graph, facts } = assembleBundle(contents());
    const { resize, crop, interpolation } = preprocessing;
    const made = withInputForm(graph, input, { resize, crop, interpolation });
    const path = join(folder, `${input.resizing}-${input.layout}-${input.width ?? 0}.onnx`);
    const [height, width] = [input.height ?? 9, input.width ?? 9];
    const shape = input.layout === "nchw" ? [1, 3, height, width] : [1, height, width, 3];
    const images = uint8Tensor(shape, new Uint8Array(3 * height * width).fill(90));
    await writeAssembled(path, made, { ...facts, input }, { engine: testEngine, images, expected: {} });
    return path;
  };

  it.each(["nchw", "nhwc"] as const)("is a model of squares, resizing and all: %s", async (layout) => {
    const path = await written({ layout, resizing: "fixed", height: 9, width: 9 });
    const model = await loadModelFile(path);
    expect(model).toMatchObject({ kind: "bundle", preprocessing: { resize: 9, crop: 9 } });
    await checkTaps(model, testEngine);
    const pixels = Uint8Array.from({ length: 2 * 243 }, (_, i) => (i * 37) % 256);
    const spec = { resize: 7, crop: 6, interpolation: "bicubic" } as const;
    const inner = new Uint8Array(2 * 108);
    for (let i = 0; i < 2; i++) {
      const planes = pixels.subarray(243 * i, 243 * (i + 1));
      const data = Uint8Array.from(
        { length: 243 },
        (_, at) => planes[81 * (at % 3) + Math.floor(at / 3)] ?? 0,
      );
      toPlanes(preprocessImage({ data, width: 9, height: 9 }, spec), inner.subarray(108 * i, 108 * (i + 1)));
    }
    const logitsOf = async (graph: Graph, images: Tensor): Promise<number[]> => {
      const session = await testEngine.compile(graph);
      const { logits } = await session.run({ images });
      await session.release();
      return logits ? toNumbers(logits) : [];
    };
    const wanted = await logitsOf(exposeTaps(classifier(), ["logits"]), uint8Tensor([2, 3, 6, 6], inner));
    const found = await logitsOf(
      exposeTaps(model.classifier(), ["logits"]),
      uint8Tensor([2, 3, 9, 9], pixels),
    );
    wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  });

  it("is refused where its pictures are no squares", async () => {
    const oblong = await written({ layout: "nchw", resizing: "fixed", height: 9, width: 12 });
    await expect(loadModelFile(oblong)).rejects.toThrow(/resizes pictures of 9 x 12 pixels itself/);
    const free = await written({ layout: "nchw", resizing: "free", height: null, width: null });
    await expect(loadModelFile(free)).rejects.toThrow(/resizes pictures of any size itself/);
  });
});

describe("a model file of oal", () => {
  it("gives its classifier, with what it says of pictures and classes", async () => {
    const images = uint8Tensor(
      [3, 3, 6, 6],
      Uint8Array.from({ length: 324 }, (_, i) => (i * 37) % 256),
    );
    const session = await testEngine.compile(exposeTaps(classifier(), ["logits", "features"]));
    const expected = await session.run({ images });
    await session.release();
    const path = join(folder, "two.onnx");
    await writeBundle(path, contents(), { engine: testEngine, images, expected });
    const model = await loadModelFile(path);
    expect(model).toMatchObject({
      kind: "bundle",
      facts: {
        input: { dtype: "uint8", batch: null },
        logits: { value: "logits", classes: 2 },
        features: { value: "features", width: 5 },
        head: { weight: "fc", transposed: false },
        maps: [{ name: "stage1", channels: 5 }],
      },
      preprocessing: { resize: 7, crop: 6, interpolation: "bicubic", mean: [0.4, 0.5, 0.6] },
      classNames: ["ant", "bee"],
      bundle: { decides: "ebo" },
    });
    await checkTaps(model, testEngine);
    const made = model.classifier();
    expect(made.graph.outputs.size).toBe(0);
    expect(made.taps.input?.dims).toEqual(["batch", 3, 6, 6]);
    const again = await testEngine.compile(exposeTaps(made, ["logits", "features"]));
    expect(await again.run({ images })).toEqual({
      logits: expected["logits"],
      features: expected["features"],
    });
    await again.release();
  });

  it("keeps the trained heads of its model", async () => {
    const trained = (): Classifier => {
      const { graph, taps } = classifier();
      const { features } = taps;
      if (!features) throw new Error("no features");
      const sure = gemm(features, graph.constant(numbers([1, 5]), "sure"), null, { transB: true });
      return { graph, taps: { ...taps, heads: new Map([["sure", sure]]) } };
    };
    const images = uint8Tensor([2, 3, 6, 6], new Uint8Array(216).fill(70));
    const session = await testEngine.compile(exposeTaps(trained(), ["heads.sure"]));
    const expected = await session.run({ images });
    await session.release();
    const path = join(folder, "heads.onnx");
    await writeBundle(
      path,
      { ...contents(), classifier: trained() },
      { engine: testEngine, images, expected },
    );
    const { graph, taps } = (await loadModelFile(path)).classifier();
    expect(tapNames(taps)).toContain("heads.sure");
    const again = await testEngine.compile(exposeTaps({ graph, taps }, ["heads.sure"]));
    expect(await again.run({ images })).toEqual(expected);
    await again.release();
  });
});
