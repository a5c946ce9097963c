/** Heads that a training method made belong to the finished model, and detectors find them; a model without says so. */
import {
  detectors,
  exposeTaps,
  float32Data,
  float32Tensor,
  flip,
  Graph,
  mul,
  reduceMean,
  toNumbers,
  uint8Tensor,
} from "oal-core";
import { expect, it } from "vitest";
import { z } from "zod";
import { evaluate } from "../../evaluation/evaluate.js";
import { outputsInMemory } from "../../evaluation/outputs.js";
import { TrainingContext } from "../../nn/context.js";
import { initializeParameters, parametersUnder } from "../../nn/parameters.js";
import { memoryImageSet } from "../../data/imageSet.js";
import { runOnce, testEngine } from "../../testing/engine.js";
import { classifierLoss, classifierTask } from "../classifier.js";
import { buildClassifier, type ClassifierModel } from "../model.js";
import { finishedHeads, networkPrefix } from "../network.js";
import { recipes } from "../recipes/index.js";
import { methodsOf } from "../recipes/recipe.js";
import { confBranchMethod } from "./confBranch.js";
import { trainingMethods } from "./index.js";
import { defineMethod } from "./method.js";

const [classes, side, count] = [3, 16, 8];
const network = { id: "resnetSmall", options: { classes, imageSize: side, width: 4, blocks: 1 } };
const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
const pixels = Uint8Array.from({ length: count * 3 * side * side }, (_, i) => (i * 37 + (i >> 5)) % 256);
const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
const images = memoryImageSet("images", pixels, labels, ["a", "b", "c"]);

/** A model with the heads of a recipe, its weights as a training starts with them. */
function modelOf(recipe: string): ClassifierModel {
  const methods = methodsOf(recipes.find(recipe));
  const task = classifierTask(
    { seed: 1, batchSize: 4, network, normalisation, augmentation: { flip: "none" }, methods, settings: {} },
    images,
  );
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const inputs = Object.entries(task.inputs).map(([name, type]) => [name, graph.input(name, type)] as const);
  task.build(context, Object.fromEntries(inputs));
  const heads = finishedHeads(
    methods.map(({ method }) => method),
    {},
  );
  return {
    network: { ...network, ...(heads.length > 0 ? { heads } : {}) },
    parameters: parametersUnder(initializeParameters(context.specs, 1), networkPrefix),
    normalisation,
  };
}

it("are taps of the finished model, beside its own last layer, and what a detector reads", async () => {
  const model = modelOf("confbranch");
  const built = buildClassifier(model, count);
  const head = built.taps.heads?.get("confidence");
  expect(head?.shape).toEqual([count, 1]);
  expect(built.taps.head).toBeDefined();
  built.graph.output("confidence", detectors.find("confBranch").score(built.graph, built.taps));
  const graph = exposeTaps(built, ["features", "heads.confidence"]);
  const outputs = await runOnce(graph, {
    images: uint8Tensor([count, 3, side, side], pixels),
  });
  const features = float32Data(outputs["features"] ?? float32Tensor([0], []));
  const [weight, bias] = ["weight", "bias"].map((name) => {
    const tensor = model.parameters.get(`heads.confBranch.confidence.${name}`);
    if (!tensor) throw new Error(`no ${name}`);
    return float32Data(tensor);
  });
  const width = features.length / count;
  const expected = Array.from({ length: count }, (_, i) => {
    const row = features.subarray(i * width, (i + 1) * width);
    return row.reduce((sum, value, j) => sum + value * (weight?.[j] ?? NaN), bias?.[0] ?? NaN);
  });
  toNumbers(outputs["heads.confidence"] ?? float32Tensor([0], [])).forEach((value, i) =>
    expect(value).toBeCloseTo(expected[i] ?? NaN, 5),
  );
  toNumbers(outputs["confidence"] ?? float32Tensor([0], [])).forEach((value, i) =>
    expect(value).toBeCloseTo(1 / (1 + Math.exp(-(expected[i] ?? NaN))), 5),
  );
});

it("are missed in a sentence where a model was trained without: the detector is left out, the others are not", async () => {
  const model = modelOf("ce");
  expect(buildClassifier(model, 1).taps.heads).toBeUndefined();
  const rows = { logits: new Float32Array(count * classes), features: new Float32Array(count * 2) };
  const sets = (["train", "validation", "test", "far"] as const).map((group) =>
    outputsInMemory(
      {
        name: group,
        group,
        labels,
        ids: images.ids,
        ...rows,
        images: {
          read: (start: number, end: number) =>
            pixels.subarray(start * 3 * side * side, end * 3 * side * side),
        },
      },
      { classes, featureSize: 2 },
    ),
  );
  const { result } = await evaluate(testEngine, "ce", 0, sets, {
    detectors: ["msp", "confBranch"],
    resamples: 0,
    classifier: { batch: 4, size: side, build: (batch) => buildClassifier(model, batch) },
  });
  expect(result.detectors.map(({ id }) => id)).toEqual(["msp"]);
  expect(result.warnings).toContain(
    'detector confBranch reads the trained head "confidence", which this model was trained without; it is left out',
  );
});

const bare = { title: "for a test", source: "none", schema: z.strictObject({}), terms: {} } as const;

it("that are not what their method names are refused by name", () => {
  const model = modelOf("ce");
  trainingMethods.register(
    defineMethod({ ...bare, id: "headless", heads: () => ["lost"], build: () => ({}) }),
  );
  trainingMethods.register(
    defineMethod({
      ...bare,
      id: "doubled",
      outputs: ({ features }) => ({ confidence: features }),
      heads: () => ["confidence"],
      build: () => ({}),
    }),
  );
  trainingMethods.register(
    defineMethod({
      ...bare,
      id: "flat",
      outputs: ({ features }) => ({ mean: reduceMean(features, [1]) }),
      heads: () => ["mean"],
      build: () => ({}),
    }),
  );
  const withHeads = (...ids: string[]): unknown =>
    buildClassifier(
      { ...model, network: { ...network, heads: ids.map((method) => ({ method, settings: {} })) } },
      1,
    );
  expect(() => withHeads("headless")).toThrow('headless: head "lost" is named and not returned');
  expect(() => withHeads("doubled", "doubled")).toThrow('head "confidence" is another method\'s too');
  expect(() => withHeads("flat")).toThrow('head "mean" is float32 of 1 axes, not float32 [N, k]');
});

it("pictures that a method makes of the batch pass the network, and are shown to that method alone", () => {
  const seen: Record<string, readonly number[]> = {};
  const mirroring = defineMethod({
    ...bare,
    id: "mirroring",
    terms: { apart: { title: "squared distance from the mirrored pictures' logits", weight: 1 } },
    outputs: ({ logits }) => ({ twice: mul(logits, 2) }),
    pictures: ({ images: batch }) => ({ mirrored: flip(batch, [3]) }),
    build: ({ logits, shown, outputsOf }) => {
      const mirrored = shown("mirrored");
      seen["logits"] = mirrored.logits.shape;
      seen["twice"] = outputsOf(mirrored)("twice").shape;
      return { apart: reduceMean(mul(logits, mirrored.logits), [0, 1]) };
    },
  });
  const curious = defineMethod({
    ...bare,
    id: "curious",
    build: ({ shown }) => {
      shown("mirrored");
      return {};
    },
  });
  const lossOf = (...methods: (typeof mirroring)[]): unknown => {
    const graph = new Graph();
    const inputs = {
      images: graph.input("images", { dtype: "uint8", shape: [4, 3, side, side] }),
      labels: graph.input("labels", { dtype: "float32", shape: [4, classes] }),
    };
    return classifierLoss(new TrainingContext(graph), inputs, {
      network,
      normalisation,
      methods: methods.map((method) => ({ method, weight: 1 })),
      settings: {},
      sideNetworks: [],
    });
  };
  lossOf(mirroring);
  expect(seen).toEqual({ logits: [4, classes], twice: [4, classes] });
  expect(() => lossOf(mirroring, curious)).toThrowError(
    expect.objectContaining({ code: "OAL-T110", details: expect.objectContaining({ method: "curious" }) }),
  );
});

it("name the detectors that read them, which exist", () => {
  expect(confBranchMethod.detectors?.({})).toEqual(["confBranch"]);
  for (const { id, heads, detectors: named } of trainingMethods.all) {
    const own = (named?.({}) ?? []).map((name) => detectors.find(name));
    const read = own.flatMap(({ needs }) => needs.filter((tap) => tap.startsWith("heads.")));
    for (const tap of read) expect(heads?.({}), id).toContain(tap.slice("heads.".length));
  }
});
