/** What a method asks for and does not get is an error, never a term less. */
import { float32Tensor, Graph, reduceSum } from "oal-core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryImageSet } from "../../data/imageSet.js";
import { TrainingContext } from "../../nn/context.js";
import { classifierLoss, classifierTask, type ClassifierOptions } from "../classifier.js";
import { buildTrainingStep } from "../step.js";
import { recipes } from "../recipes/index.js";
import { methodsOf } from "../recipes/recipe.js";
import type { SideData } from "../side/sideData.js";
import { defineMethod, type MethodSettings } from "./method.js";
import type { TermDeclarations } from "./terms.js";

const images = memoryImageSet("six", new Uint8Array(6 * 3 * 256), Int32Array.of(0, 1, 0, 1, 0, 1), [
  "a",
  "b",
]);

const network = { id: "resnetSmall", options: { classes: 2, imageSize: 16, width: 4 } };
const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
const training = {
  name: "t",
  seed: 0,
  steps: 1,
  optimizer: { id: "sgd" },
  schedule: { id: "constant", rate: 0.1, warmup: 0 },
} as const;

function task(
  recipe: string,
  settings: MethodSettings = {},
  more: Partial<ClassifierOptions> = {},
  side: readonly SideData[] = [],
): ReturnType<typeof classifierTask> {
  return classifierTask(
    {
      seed: 0,
      network,
      batchSize: 2,
      normalisation,
      augmentation: { flip: "none" },
      methods: methodsOf(recipes.find(recipe)),
      settings,
      ...more,
    },
    images,
    side,
  );
}

const off = {
  kd: { logitsWeight: 0, featureWeight: 0 },
  mi: { measure: false },
  exposure: { uniformWeight: 0, energyWeight: 0, distillWeight: 0 },
};

describe("what a method needs", () => {
  it.each([
    ["kd", {}, 'distillation needs side data "teacherLogits"'],
    ["kd", { kd: { logitsWeight: 0 } }, 'distillation needs side data "teacherFeatures"'],
    ["oal", { kd: off.kd }, 'mutualInformation needs side data "outlierEmbeddings"'],
    ["oal", { kd: off.kd, mi: { ...off.mi, latentWeight: 1 } }, 'needs side data "outlierLatents"'],
    ["oal", { kd: off.kd, mi: off.mi }, 'exposure needs side data "outlierImages"'],
    [
      "oal",
      { ...off, exposure: { uniformWeight: 0, distillWeight: 1 } },
      'exposure needs side data "outlierImages"',
    ],
  ] as const)("is refused when it is not given: %s with %j", (method, settings, problem) => {
    expect(() => task(method, settings)).toThrowError(
      expect.objectContaining({ code: "OAL-T110", message: expect.stringContaining(problem) }),
    );
  });

  it("is not asked for by terms of weight 0", () => {
    expect(() => task("oal", off)).not.toThrow();
  });

  it("is told with the nearest name that is given", () => {
    const rows: SideData = {
      name: "teacherLogit",
      type: { dtype: "float32", shape: [2, 2] },
      rows: () => float32Tensor([2, 2], [0, 0, 0, 0]),
    };
    expect(() => task("kd", {}, {}, [rows])).toThrow('(is it "teacherLogit"?)');
  });

  it("is refused where the terms are made when it was not declared", () => {
    const graph = new Graph();
    const logits = graph.input("logits", float32Tensor([2, 2], [1, 2, 3, 4]));
    const greedy = defineMethod({
      id: "greedy",
      title: "greedy",
      source: "this test",
      section: "greedy",
      schema: z.strictObject({}),
      terms: { all: { title: "everything", weight: 1 } },
      build: ({ side }) => ({ all: side("labels") }),
    });
    const options = { network, normalisation, methods: [{ method: greedy, weight: 1 }], settings: {} };
    const inputs = {
      images: graph.input("images", { dtype: "uint8", shape: [2, 3, 16, 16] }),
      labels: logits,
    };
    expect(() =>
      classifierLoss(new TrainingContext(graph), inputs, { ...options, sideNetworks: [] }),
    ).toThrowError(expect.objectContaining({ code: "OAL-T110" }));
  });
});

describe("terms", () => {
  const method = (terms: TermDeclarations, value: "a" | "b" = "a") =>
    defineMethod({
      id: "odd",
      title: "odd",
      source: "this test",
      section: "odd",
      schema: z.strictObject({ weight: z.number().default(2), name: z.string().default("x") }),
      terms,
      build: ({ logits }) => ({ [value]: reduceSum(logits, [0, 1]) }),
    });
  const build = (terms: TermDeclarations, value?: "a" | "b"): unknown => {
    const methods = [{ method: method(terms, value), weight: 3 }];
    return buildTrainingStep(task("ce", {}, { methods }), training).termNames;
  };

  it("that were not declared, or whose weight is no number, are refused", () => {
    expect(build({ a: { title: "a", weight: "weight" } })).toEqual(["total", "a"]);
    for (const [terms, value] of [
      [{ a: { title: "a", weight: 1 } }, "b"],
      [{ a: { title: "a", weight: "name" } }, "a"],
      [{ a: { title: "a", weight: "wight" } }, "a"],
      [{ a: { title: "a", weight: null } }, "a"],
    ] as const)
      expect(() => build(terms, value)).toThrowError(expect.objectContaining({ code: "OAL-T113" }));
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
