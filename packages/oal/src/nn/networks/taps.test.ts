/** What a network shows beside its logits agrees with them. */
import { float32Tensor, Graph, maximum, Random, reduceMax, sub, type Value } from "oal-core";
import { describe, expect, it } from "vitest";
import { runGraph } from "../../testing/goldenProgram.js";
import { EvaluationContext, TrainingContext } from "../context.js";
import { linear } from "oal-core";
import { initializeParameters } from "../parameters.js";
import { smallOptions } from "../../testing/smallNetworks.js";
import { networks } from "./index.js";

const images = float32Tensor([2, 3, 32, 32], new Random(1, "taps").normals(0, 2 * 3 * 32 * 32));

/** The largest absolute difference of two values, as an output. */
const gap = (a: Value, b: Value): Value => reduceMax(maximum(sub(a, b), sub(b, a)), [0, 1], false);

describe.each(networks.all.map((network) => [network.id, network] as const))("%s", (_, network) => {
  const options = { classes: 5, imageSize: 32, ...smallOptions(network) };
  const declared = new TrainingContext(new Graph());
  network.build(declared, declared.graph.input("x", images), options);
  const store = initializeParameters(declared.specs, 3);

  it("has a head whose W and b, and whose function, give the logits from the features", async () => {
    const graph = new Graph();
    const { logits, features, head } = network.build(
      new EvaluationContext(graph, store),
      graph.input("x", images),
      options,
    );
    if (!head) throw new Error("no head");
    expect([head.weight.shape, head.bias.shape]).toEqual([[5, network.featureDim(options)], [5]]);
    graph.output("parameters", gap(logits, linear(features, head.weight, head.bias)));
    graph.output("function", gap(logits, head.apply(features)));
    graph.output("size", reduceMax(maximum(logits, sub(0, logits)), [0, 1], false));
    const outputs = await runGraph(graph, { x: images });
    const of = (name: string): number => Number(outputs[name]?.data[0]);
    expect(of("function")).toBe(0);
    expect(of("parameters")).toBeLessThan(1e-6 * of("size"));
  });

  it("declares nothing new for a head that nobody asks, and nothing twice for one that is", () => {
    const context = new TrainingContext(new Graph());
    const { head, features } = network.build(context, context.graph.input("x", images), options);
    const names = context.specs.map(({ name }) => name);
    expect([head?.weight, head?.bias, head?.apply(features)]).toHaveLength(3);
    expect(context.specs.map(({ name }) => name)).toEqual(names);
    expect(names).toEqual(declared.specs.map(({ name }) => name));
  });

  // Tokens are no maps: a transformer shows none.
  if (network.id.startsWith("vit")) return;

  it("shows the map of every stage, from large to small", () => {
    const context = new TrainingContext(new Graph());
    const { maps } = network.build(context, context.graph.input("x", images), options);
    const sizes = [...(maps ?? new Map<string, Value>()).values()].map(({ shape }) => shape[2] ?? 0);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect([...(maps ?? [])].every(([, { shape }]) => shape.length === 4 && shape[0] === 2)).toBe(true);
  });
});
