/** What a method asks for and does not get is an error, never a term less. */
import { float32Tensor, Graph } from "oal-core";
import { describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { TrainingContext } from "../../nn/context.js";
import { classifierTask, type ClassifierOptions } from "../classifier.js";
import { buildTrainingStep } from "../step.js";
import { methodLists, trainingMethods, type MethodSettings } from "./index.js";

const images = memoryImageSet("six", new Uint8Array(6 * 3 * 256), Int32Array.of(0, 1, 0, 1, 0, 1), [
  "a",
  "b",
]);

function task(
  method: keyof typeof methodLists,
  settings: MethodSettings = {},
  more: Partial<ClassifierOptions> = {},
): ReturnType<typeof classifierTask> {
  return classifierTask(
    {
      seed: 0,
      steps: 1,
      network: { id: "resnetSmall", options: { classes: 2, imageSize: 16, width: 4 } },
      batchSize: 2,
      normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
      augmentation: { flip: "none" },
      methods: methodLists[method],
      settings,
      pairing: "class",
      outlierFraction: 0.5,
      outlierStart: 0,
      ...more,
    },
    images,
  );
}

const off = {
  kd: { logitsWeight: 0, featureWeight: 0 },
  mi: { embWeight: 0, latentWeight: 0 },
  exposure: { uniformWeight: 0, energyWeight: 0, distillWeight: 0 },
};

describe("what a method needs", () => {
  it.each([
    ["kd", {}, "distillation needs a teacher's outputs"],
    ["oal", { kd: off.kd }, "mutualInformation needs outlier embeddings"],
    ["oal", { kd: off.kd, mi: { embWeight: 0 } }, "mutualInformation needs outlier latents"],
    ["oal", { kd: off.kd, mi: off.mi }, "outlierExposure needs decoded outliers"],
    ["oal", { ...off, exposure: { uniformWeight: 0 } }, "outlierDistillation needs decoded outliers"],
  ] as const)("is refused when it is not given: %s with %j", (method, settings, problem) => {
    expect(() => task(method, settings)).toThrowError(
      expect.objectContaining({ code: "OAL-T110", message: expect.stringContaining(problem) }),
    );
  });

  it("is not asked for by terms of weight 0", () => {
    expect(() => task("oal", off)).not.toThrow();
  });

  it("is looked for again where the terms are made", () => {
    const graph = new Graph();
    const logits = graph.input("logits", float32Tensor([2, 2], [1, 2, 3, 4]));
    const inputs = {
      context: new TrainingContext(graph),
      classes: 2,
      labels: logits,
      logits,
      features: logits,
    };
    for (const method of trainingMethods) {
      const make = (): unknown => method.terms(inputs, {});
      if (method.needs({}).length === 0) expect(make).not.toThrow();
      else expect(make).toThrowError(expect.objectContaining({ code: "OAL-T110" }));
    }
  });
});

describe("settings", () => {
  it.each([
    [{ mi: { embWeigth: 0 } }, 'mi.embWeigth of the training methods: is unknown, did you mean "embWeight"?'],
    [{ mutualInformation: {} }, "mutualInformation of the training methods: no method has this section"],
    [{ kd: { temperature: "hot" } }, "kd.temperature of the training methods: "],
    [{ kd: 3 }, "kd of the training methods: "],
  ])("that no method reads are refused: %j", (settings, problem) => {
    expect(() => task("kd", settings)).toThrowError(
      expect.objectContaining({ code: "OAL-T111", message: expect.stringContaining(problem) }),
    );
  });

  it("of methods that are not in use are read over", () => {
    expect(() => task("ce", { kd: { teacherView: "clean" }, mi: { pairing: "class" } })).not.toThrow();
  });
});

it("start tensors whose names the network lacks are refused", () => {
  const training = {
    name: "t",
    seed: 0,
    steps: 1,
    optimizer: { id: "sgd" },
    schedule: { id: "constant", rate: 0.1, warmup: 0 },
  } as const;
  const start = (name: string): unknown => {
    const initial = new Map([[name, float32Tensor([4, 3, 3, 3], new Float32Array(108))]]);
    return buildTrainingStep(task("ce", {}, { initial }), training).initialState(0);
  };
  expect(() => start("network.conv1.weight")).not.toThrow();
  expect(() => start("conv1.weight")).toThrowError(
    expect.objectContaining({
      code: "OAL-I111",
      message: expect.stringContaining("conv1.weight: the network has no such tensor"),
    }),
  );
});
