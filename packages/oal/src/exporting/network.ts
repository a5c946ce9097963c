/** Which nodes of a classifier's graph are its network: what its logits and features need, detectors and decision apart. */
import type { Graph, Node, Value } from "oal-core";

/** Operators in which a network's arithmetic lies. */
export const products: readonly string[] = ["Conv", "Gemm", "MatMul"];

/** The outputs that a network ends in. */
const ends = ["logits", "features"];

/**
 * The nodes that the outputs "logits" and "features" need and that stand behind a product of matrices: the normalisation of pictures
 * in front of the first one is not among them.
 */
export function networkNodes(graph: Graph): ReadonlySet<Node> {
  const needed = nodesBehind(ends.flatMap((name) => graph.outputs.get(name) ?? []));
  const found = new Set<Node>();
  for (const node of graph.nodes) {
    if (!needed.has(node)) continue;
    const follows = node.inputs.some((input) => input?.node && found.has(input.node));
    if (follows || products.includes(node.operator.name)) found.add(node);
  }
  return found;
}

/** Every node that values need. */
export function nodesBehind(values: Iterable<Value>): ReadonlySet<Node> {
  const found = new Set<Node>();
  const stack = [...values].flatMap(({ node }) => node ?? []);
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    stack.push(...node.inputs.flatMap((input) => input?.node ?? []));
  }
  return found;
}

/** How many inputs of nodes read each value, and outputs of the graph. */
export function readersOf(graph: Graph): ReadonlyMap<Value, number> {
  const counts = new Map<Value, number>();
  const read = (value: Value): unknown => counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const node of nodesBehind(graph.outputs.values()))
    for (const input of node.inputs) if (input) read(input);
  for (const value of graph.outputs.values()) read(value);
  return counts;
}
