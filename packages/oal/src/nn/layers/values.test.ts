/** Layers by hand: running statistics, frequencies of time, the scale of attention. */
import { evaluateReference, float32Tensor, Graph, toNumbers, type Tensor, type Value } from "oal-core";
import { describe, expect, it } from "vitest";
import { EvaluationContext, TrainingContext, type Context } from "../context.js";
import { attentionLayer } from "./attention.js";
import { batchNormLayer } from "./batchNorm.js";
import { timeEmbedding } from "./timeEmbedding.js";

const near = (values: readonly number[], digits = 5): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, digits));

function run(graph: Graph, feeds: Record<string, Tensor>): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(evaluateReference(graph, feeds)).map(([name, tensor]) => [name, toNumbers(tensor)]),
  );
}

describe("batch normalisation", () => {
  // Two channels of four values: means 2.5 and 10, sums of squared deviations 5 and 0.
  const x = float32Tensor([2, 2, 2, 1], [1, 2, 10, 10, 3, 4, 10, 10]);
  const before = {
    weight: float32Tensor([2], [2, 1]),
    bias: float32Tensor([2], [0, 7]),
    running_mean: float32Tensor([2], [1, 1]),
    running_var: float32Tensor([2], [3, 3]),
  };

  it("moves running statistics by its momentum, the variance unbiased", () => {
    const graph = new Graph();
    const context = new TrainingContext(graph);
    graph.output("y", batchNormLayer(context, graph.input("x", x), { momentum: 0.25 }));
    for (const [name, value] of context.bufferUpdates) graph.output(`next ${name}`, value);
    const got = run(graph, { x, ...before });
    expect(got["next running_mean"]).toEqual(near([0.75 * 1 + 0.25 * 2.5, 0.75 * 1 + 0.25 * 10]));
    expect(got["next running_var"]).toEqual(near([0.75 * 3 + 0.25 * (5 / 3), 0.75 * 3]));
    const scale = 2 / Math.sqrt(5 / 4 + 1e-5);
    expect(got["y"]).toEqual(near([-1.5 * scale, -0.5 * scale, 7, 7, 0.5 * scale, 1.5 * scale, 7, 7], 4));
  });

  it("uses the running statistics in evaluation and leaves them alone", () => {
    const graph = new Graph();
    const context = new EvaluationContext(graph, new Map(Object.entries(before)));
    graph.output("y", batchNormLayer(context, graph.input("x", x)));
    const scale = 1 / Math.sqrt(3);
    const wanted = [0, 2, 4, 6].map((value) => value * scale);
    const second = 7 + 9 * scale;
    expect(run(graph, { x })["y"]).toEqual(
      near(
        [wanted[0] ?? 0, wanted[1] ?? 0, second, second, wanted[2] ?? 0, wanted[3] ?? 0, second, second],
        4,
      ),
    );
  });
});

describe("time embedding", () => {
  it("is sines, then cosines, at frequencies from 1 down to period^(-1 + 2/width)", () => {
    const graph = new Graph();
    const time = float32Tensor([2], [1, 100]);
    graph.output("y", timeEmbedding(graph.input("t", time), 4, 10000));
    const angles = [1, 0.01, 100, 1];
    const [a = 0, b = 0, c = 0, d = 0] = angles;
    expect(run(graph, { t: time })["y"]).toEqual(
      near(
        [
          [a, b],
          [c, d],
        ].flatMap((pair) => [...pair.map(Math.sin), ...pair.map(Math.cos)]),
      ),
    );
  });
});

describe("attention", () => {
  it("weighs values by softmax(q k / sqrt(width of a head)), head by head", () => {
    // Width 4, two heads; every projection is the identity, so q = k = v = x.
    const identity = Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const x = float32Tensor([1, 2, 4], [1, 0, 2, 0, 0, 1, 0, 3]);
    const graph = new Graph();
    const store = new Map([
      ["in_proj_weight", float32Tensor([12, 4], [identity, identity, identity].flat())],
      [
        "in_proj_bias",
        float32Tensor(
          [12],
          Array.from({ length: 12 }, () => 0),
        ),
      ],
      ["out_proj.weight", float32Tensor([4, 4], identity)],
      ["out_proj.bias", float32Tensor([4], [0, 0, 0, 0])],
    ]);
    const context: Context = new EvaluationContext(graph, store);
    const tokens: Value = graph.input("x", x);
    graph.output("y", attentionLayer(context, tokens, 2));
    // Own product s, other product 0: the own token's weight is sigmoid(s / sqrt 2).
    const own = (square: number): number => 1 / (1 + Math.exp(-square / Math.SQRT2));
    const [p, q, r] = [own(1), own(4), own(9)];
    expect(run(graph, { x })["y"]).toEqual(
      near([p, 1 - p, 2 * q, 3 * (1 - q), 1 - p, p, 2 * (1 - r), 3 * r]),
    );
  });
});
