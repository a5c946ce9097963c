/** Batch normalisation with given statistics as part of the convolution in front of it. */
import { apply, float32Tensor, Graph, inline, toNumbers, type Node, type Tensor, type Value } from "oal-core";
import { readersOf } from "./network.js";

/** A copy of a graph in which a convolution with known weights takes over the normalisation behind it; results agree to rounding. */
export function foldNormalisation(graph: Graph): Graph {
  const made = new Graph();
  const inputs = graph.inputs.map((input) => [input, made.input(input.name, input.type)] as const);
  for (const name of graph.outputs.keys()) made.reserveOutput(name);
  const readers = readersOf(graph);
  const copies = inline(made, graph, new Map(inputs), {
    build: (node, [given], names) => {
      const folded = node.operator.name === "BatchNormalization" ? foldedInto(node, readers) : null;
      if (folded === null) return null;
      const { conv, weight, bias } = folded;
      const x = given?.node?.inputs[0]; // of the convolution's copy, which nothing reads then
      if (!x) return null;
      const [name = "folded"] = names;
      const constants = [made.constant(weight, `${name}.weight`), made.constant(bias, `${name}.bias`)];
      return [apply(conv.operator, [x, ...constants], conv.attributes)];
    },
  });
  for (const [name, value] of graph.outputs) {
    const copy = copies.get(value);
    if (copy) made.output(name, copy);
  }
  return made;
}

function foldedInto(
  { inputs: [x, scale, shift, mean, variance], attributes }: Node,
  readers: ReadonlyMap<Value, number>,
): { readonly conv: Node; readonly weight: Tensor; readonly bias: Tensor } | null {
  const conv = x?.node;
  if (!x || conv?.operator.name !== "Conv" || conv.operator.opaque || readers.get(x) !== 1) return null;
  const [weight, before] = [conv.inputs[1]?.constant, conv.inputs[2]];
  const vectors = [scale, shift, mean, variance].map((value) => value?.constant?.data);
  const [gamma, beta, centre, spread] = vectors;
  if (!weight || !gamma || !beta || !centre || !spread || (before && !before.constant)) return null;
  const epsilon = typeof attributes["epsilon"] === "number" ? attributes["epsilon"] : 1e-5;
  const [channels = 0] = weight.shape;
  const factors = Float64Array.from(
    { length: channels },
    (_, c) => Number(gamma[c]) / Math.sqrt(Number(spread[c]) + epsilon),
  );
  const each = weight.data.length / channels;
  const values = toNumbers(weight).map((element, i) => element * (factors[Math.floor(i / each)] ?? 0));
  const biases = Float32Array.from(
    factors,
    (factor, c) => (Number(before?.constant?.data[c] ?? 0) - Number(centre[c])) * factor + Number(beta[c]),
  );
  return { conv, weight: float32Tensor(weight.shape, values), bias: float32Tensor([channels], biases) };
}
