/**
 * The layout pass: a graph in ONNX Runtime's blocked memory, in which its convolutions are fastest. The engine changes layouts by
 * itself only around convolutions of constant weights, never in a training step, whose weights are inputs.
 *
 * A value lies in blocks when a rule made it so; whoever needs it in ordinary memory asks for that, once. Rules know the convolutions
 * and their gradients, normalisation, pools, sums over channels, and everything that works element by element; what no rule takes is
 * copied as it is. Gradients that consist of several nodes are known by their marks (graph/composite.ts); the nodes that they were
 * composed of are copied too, and are not written where nothing reads them.
 */
import { expectArguments, kinds } from "../errors/index.js";
import { at } from "../graph/ops/access.js";
import { blockedDomain } from "../graph/ops/blockedMemory.js";
import { reachable } from "../graph/prune.js";
import { aGraph, type Graph, type Node } from "../graph/value.js";
import { fused } from "./blocked/builders.js";
import { channelSum, mapSum } from "./blocked/channelSums.js";
import { elementwise } from "./blocked/elementwise.js";
import { Layout, type Rule } from "./blocked/layout.js";
import { maxPoolGradient, pool, repetition } from "./blocked/pools.js";
import { groupMean, groupNormalisation, view, viewShape } from "./blocked/views.js";
import { weightGradient } from "./blocked/weightGradient.js";

/** In this order: what a value means as a whole comes before what its last node is. */
const rules: readonly Rule[] = [
  viewShape,
  weightGradient,
  maxPoolGradient,
  channelSum,
  mapSum,
  groupNormalisation,
  groupMean,
  view,
  fused,
  pool,
  repetition,
  elementwise,
];

/**
 * A copy of `graph` that computes in blocks of channels where that pays. Inputs, outputs and their names stay, all in ordinary memory;
 * results agree to rounding.
 *
 * @param block the engine's block of channels (see the block probe); 0 returns the graph itself
 * @throws OAL-G102 when the graph reads a value that nothing computes
 */
export function useBlockedLayout(graph: Graph, block: number): Graph {
  expectArguments("useBlockedLayout", { graph: [graph, aGraph], block: [block, kinds.count] });
  if (block === 0) return graph;
  const layout = new Layout(graph, block);
  const { target } = layout;
  for (const node of reachable(graph).nodes)
    target.scope(node.path, () => {
      if (!rules.some((rule) => rule(node, layout))) copy(node, layout);
    });
  for (const [name, value] of graph.outputs) target.output(name, layout.plain(value));
  return target;
}

function copy(node: Node, layout: Layout): void {
  const inputs = node.inputs.map((input) => input && layout.plain(input));
  const outputs = layout.target.node(node.operator, inputs, node.attributes);
  node.outputs.forEach((value, index) => layout.keepPlain(value, at(outputs, index)));
}

/** How many nodes that the outputs of a graph need compute in blocks of channels, by the operator's name. */
export function countBlocked(graph: Graph): Record<string, number> {
  expectArguments("countBlocked", { graph: [graph, aGraph] });
  const counts: Record<string, number> = {};
  for (const { operator } of reachable(graph).nodes)
    if (operator.domain === blockedDomain) counts[operator.name] = (counts[operator.name] ?? 0) + 1;
  return counts;
}
