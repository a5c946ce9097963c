/** The graph's specification, checked: run after a pass, so that a bad pass fails at the pass. */
import { expectArguments, oalError } from "../errors/index.js";
import { inferTypes } from "./elements.js";
import { describeType, sizeOf } from "./tensor.js";
import { aGraph, type Graph, Node, type Value } from "./value.js";

/**
 * Checks that every node stands behind its inputs, that shape rules reproduce the recorded types, that constants have
 * the size of their shape and that outputs belong to the graph.
 *
 * @throws OAL-G102 naming the offending node and its layer path.
 */
export function verifyGraph(graph: Graph): void {
  expectArguments("verifyGraph", { graph: [graph, aGraph] });
  const known = new Set<Value>([...graph.inputs, ...graph.constants]);
  for (const constant of graph.constants) {
    if (constant.constant && constant.constant.data.length !== sizeOf(constant.shape)) {
      fail(
        constant.name,
        "",
        `constant holds ${constant.constant.data.length} elements for ${describeType(constant.type)}`,
      );
    }
  }
  graph.nodes.forEach((node, position) => {
    const name = `${node.operator.name}_${node.id}`;
    if (node.id !== position) fail(name, node.path, `stands at position ${position}`);
    for (const input of node.inputs) {
      if (input && !known.has(input))
        fail(name, node.path, `reads ${input.name}, which is not computed before it`);
    }
    for (const output of node.outputs) known.add(output);
    if (node.operator.opaque) return;
    const types = inferTypes(node.operator, node.inputs, node.attributes);
    node.outputs.forEach((output, index) => {
      const expected = types[index];
      if (!expected || describeType(expected) !== describeType(output.type)) {
        const rule = expected ? describeType(expected) : "nothing";
        fail(name, node.path, `output ${index} is ${describeType(output.type)}, the shape rule says ${rule}`);
      }
    });
  });
  for (const [name, value] of graph.outputs) {
    if (!known.has(value))
      fail(name, value.producer instanceof Node ? value.producer.path : "", "output is not computed");
  }
}

function fail(node: string, path: string, problem: string): never {
  throw oalError("OAL-G102", { node, path, problem });
}
