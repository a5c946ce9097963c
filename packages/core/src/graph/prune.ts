/** Which nodes an output needs: the rest is not written. */
import { Node, type Graph, type Value } from "./value.js";

/** The nodes that the graph's outputs depend on, in order, and the inputs and constants they read. */
export function reachable(graph: Graph): { nodes: Node[]; values: Set<Value> } {
  const needed = new Set<Node>();
  const values = new Set<Value>();
  const stack = [...graph.outputs.values()];
  while (stack.length > 0) {
    const value = stack.pop();
    if (!value) break;
    values.add(value);
    if (!(value.producer instanceof Node) || needed.has(value.producer)) continue;
    needed.add(value.producer);
    for (const input of value.producer.inputs) if (input && !values.has(input)) stack.push(input);
  }
  return { nodes: graph.nodes.filter((node) => needed.has(node)), values };
}
