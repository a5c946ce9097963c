import { describe, expect, it } from "vitest";
import { add, evaluateReference, float32Tensor, Graph, Random, toNumbers } from "oal-core";
import { EvaluationContext, TrainingContext } from "./context.js";
import {
  defaultWeight,
  kaimingNormal,
  normal,
  ones,
  partialIdentity,
  uniform,
  xavierUniform,
  zeros,
} from "./initialisers.js";
import { batchNormLayer } from "./layers/batchNorm.js";
import { countParameters, initializeParameters, parametersUnder, withPrefix } from "./parameters.js";

describe("training context", () => {
  it("names, kinds and options of what was declared", () => {
    const context = new TrainingContext(new Graph(), "student");
    const layer = context.child("layer1").child("0");
    const weight = layer.parameter("weight", [2, 3], defaultWeight, { rate: 64, decay: false });
    layer.parameter("fixed", [1], ones, { trainable: false });
    layer.buffer("running_mean", [2], zeros);
    expect(weight.name).toBe("student.layer1.0.weight");
    expect(context.specs.map(({ name, kind, decay, rate }) => [name, kind, decay, rate])).toEqual([
      ["student.layer1.0.weight", "parameter", false, 64],
      ["student.layer1.0.fixed", "frozen", true, 1],
      ["student.layer1.0.running_mean", "buffer", false, 0],
    ]);
    expect(countParameters(context.specs)).toBe(6);
    expect(layer.parameter("weight", [2, 3], defaultWeight)).toBe(weight);
    expect(() => layer.parameter("weight", [3, 2], defaultWeight)).toThrow(/shape/);
    expect(() => context.values("nothing")).toThrow(/nothing/);
  });

  it("a second pass starts from the statistics of the first, a frozen one changes nothing", () => {
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const x = graph.input("x", { dtype: "float32", shape: [4, 1] });
    batchNormLayer(context, x);
    batchNormLayer(context, add(x, 1));
    const updates = context.bufferUpdates.get("running_mean");
    batchNormLayer(context.frozenStatistics(), x);
    expect(context.bufferUpdates.get("running_mean")).toBe(updates);
    expect(context.specs).toHaveLength(4);
    if (!updates) throw new Error("no update");
    graph.output("mean", updates);
    const feeds = {
      x: float32Tensor([4, 1], [1, 2, 3, 4]),
      ...Object.fromEntries(initializeParameters(context.specs, 0)),
    };
    const { mean } = evaluateReference(graph, feeds);
    // 0.9 (0.9 * 0 + 0.1 * 2.5) + 0.1 * 3.5
    expect(mean && toNumbers(mean)[0]).toBeCloseTo(0.575, 6);
    expect(() =>
      batchNormLayer(context.child("one"), graph.input("row", { dtype: "float32", shape: [1, 2] })),
    ).toThrow(/more than one value/);
  });
});

describe("evaluation context", () => {
  it("takes tensors by full name and refuses what does not fit", () => {
    const store = new Map([["fc.weight", float32Tensor([1, 2], [3, 4])]]);
    const context = new EvaluationContext(new Graph(), withPrefix(store, "net"), "net").child("fc");
    expect(context.parameter("weight", [1, 2]).constant?.data).toEqual(Float32Array.of(3, 4));
    expect(() => context.parameter("weight", [2, 2])).toThrow(/shape \[1, 2\], the network wants \[2, 2\]/);
    expect(() => context.parameter("bias", [1])).toThrow(/net.fc.bias: missing/);
    expect([...parametersUnder(withPrefix(store, "net"), "net").keys()]).toEqual(["fc.weight"]);
  });
});

describe("initialisers", () => {
  const random = new Random(1, "test");
  const deviation = (data: Float32Array): number =>
    Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

  it("follow their distributions", () => {
    const shape = [64, 16, 3, 3];
    const bound = 1 / Math.sqrt(144);
    const weights = defaultWeight(shape, random);
    expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    expect(deviation(weights)).toBeCloseTo(bound / Math.sqrt(3), 2);
    expect(deviation(kaimingNormal(shape, random))).toBeCloseTo(Math.sqrt(2 / 144), 2);
    expect(deviation(xavierUniform([50, 70], random))).toBeCloseTo(Math.sqrt(2 / 120), 2);
    expect(deviation(normal(2)([4000], random))).toBeCloseTo(2, 1);
    expect(deviation(uniform(3)([4000], random))).toBeCloseTo(Math.sqrt(3), 1);
  });

  it("partial identity passes the first channels through", () => {
    const data = partialIdentity([3, 2, 3, 3], random);
    expect([...data.subarray(0, 18)].map((x, i) => (x === 0 ? -1 : i)).filter((i) => i >= 0)).toEqual([4]);
    expect(data[18 + 9 + 4]).toBe(1);
    expect(data.subarray(36).every((x) => x !== 0)).toBe(true);
  });

  it("do not depend on the order of declaration", () => {
    const spec = (name: string) =>
      ({ name, shape: [3], kind: "parameter", init: normal(1), decay: true, rate: 1 }) as const;
    const first = initializeParameters([spec("a"), spec("b")], 7);
    const second = initializeParameters([spec("b"), spec("a")], 7);
    expect(first.get("a")).toEqual(second.get("a"));
    expect(first.get("a")).not.toEqual(first.get("b"));
  });
});
