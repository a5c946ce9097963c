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
  reduceMean,
  relu,
  uint8Tensor,
  type Classifier,
  type Tensor,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { writeBundle } from "../bundle/write.js";
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
    const ebo = {
      detector: detectors.find("ebo"),
      parameters: { temperature: 1 },
      fitted: { tensors: {}, bank: null },
    };
    await writeBundle(
      path,
      {
        classifier: classifier(),
        version: "0.1.0",
        name: "two",
        preprocessing: {
          resize: 7,
          crop: 6,
          interpolation: "bicubic",
          orientation: "ignore",
          maxPixels: 1000,
          mean: [...normalisation.mean],
          std: [...normalisation.std],
        },
        classNames: ["ant", "bee"],
        decides: "ebo",
        detectors: [{ fitted: ebo, decision: makeDecision([1, 2, 3], { detector: "ebo", target: 0.5 }) }],
        ingredients: [],
        notes: {},
      },
      { engine: testEngine, images, expected },
    );
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
});
