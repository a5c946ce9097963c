/** What the step of OAL costs over that of cross-entropy, by arithmetic: outliers pass the network and nothing else. */
import { countOperations, float32Tensor, type TensorType } from "oal-core";
import { expect, it } from "vitest";
import { memoryImageSet } from "../data/imageSet.js";
import { classifierTask } from "./classifier.js";
import type { MethodSettings } from "./methods/method.js";
import { recipes } from "./recipes/index.js";
import { methodsOf } from "./recipes/recipe.js";
import { exposureGate, outlierSideData } from "./side/outliers.js";
import type { SideTensor } from "./side/sideData.js";
import { buildTrainingStep } from "./step.js";

const [batch, classes, side] = [8, 3, 16];
const augmentation = { flip: "none" } as const;

function operations(recipe: string, settings: MethodSettings = {}): number {
  const pixels = new Uint8Array(batch * 3 * side * side);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const rows = (name: string, width: number): SideTensor => {
    const type: TensorType = { dtype: "float32", shape: [batch, width] };
    return { name, type, rows: () => float32Tensor(type.shape, new Float32Array(batch * width)) };
  };
  const outliers = outlierSideData(
    { count: batch, pictures: () => pixels, teacherLogits: new Float32Array(batch * classes) },
    { seed: 0, batchSize: batch, classes, imageSize: side, augmentation, fraction: 0.5 },
  );
  const task = classifierTask(
    {
      seed: 0,
      batchSize: batch,
      network: { id: "resnetSmall", options: { classes, imageSize: side } },
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      augmentation,
      methods: methodsOf(recipes.find(recipe)),
      settings,
    },
    memoryImageSet("none", pixels, labels, ["a", "b", "c"]),
    [
      rows("teacherLogits", classes),
      rows("teacherFeatures", 64),
      rows("outlierEmbeddings", 64),
      rows("outlierLatents", 128),
      ...outliers,
      exposureGate(1, 0),
    ],
  );
  const { graph } = buildTrainingStep(task, {
    name: "cost",
    seed: 0,
    steps: 1,
    optimizer: { id: "sgd", momentum: 0.9 },
    schedule: { id: "constant", rate: 0.1, warmup: 0 },
  });
  return countOperations(graph).products;
}

it("half as many outliers as images cost half a step, and the bounds are what they are by themselves", () => {
  const [plain, distilled] = [operations("ce"), operations("kd")];
  const withOutliers = operations("oal", { mi: { measure: false } });
  // Distillation's own products are those of its map of features.
  const map = distilled - plain;
  expect(map / plain).toBeLessThan(0.01);
  expect(withOutliers - map).toBe(1.5 * plain);
  // Six fitting steps and what is logged, whatever the network.
  const bounds = operations("oal") - withOutliers;
  expect(bounds).toBeGreaterThan(0);
  expect(operations("oal", { mi: { qSteps: 0 } }) - withOutliers).toBeLessThan(bounds / 3);
});
