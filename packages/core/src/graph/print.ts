/** A graph as text: one line a node, for people and for snapshots. */
import { expectArguments } from "../errors/index.js";
import { describeType } from "./tensor.js";
import { aGraph, type Graph } from "./value.js";

/** The printed graph: inputs, nodes in order with their types, outputs. */
export function printGraph(graph: Graph): string {
  expectArguments("printGraph", { graph: [graph, aGraph] });
  const lines = graph.inputs.map((input) => `input ${input.name}: ${describeType(input.type)}`);
  for (const node of graph.nodes) {
    const attributes = Object.entries(node.attributes).map(([key, value]) => `${key}=${String(value)}`);
    const inputs = node.inputs.map((input) => (input ? shortName(input.name, input.constant?.data) : "-"));
    const outputs = node.outputs.map(
      (output) => `${output.name}: ${output.knownType ? describeType(output.knownType) : "unknown"}`,
    );
    lines.push(`${outputs.join(", ")} = ${node.operator.name}(${[...inputs, ...attributes].join(", ")})`);
  }
  for (const [name, value] of graph.outputs) lines.push(`output ${name} = ${value.name}`);
  return lines.join("\n");
}

function shortName(name: string, data: ArrayLike<number | bigint> | undefined): string {
  return data && data.length <= 4 ? `{${Array.from(data, String).join(", ")}}` : name;
}
