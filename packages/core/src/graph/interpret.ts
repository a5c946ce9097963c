/** Runs a graph with the operators' plain references: slow, exact, without any engine. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { reachable } from "./prune.js";
import { aTensor, type Tensor } from "./tensor.js";
import { aGraph, type Graph, type Value } from "./value.js";

/**
 * Evaluates every output of `graph`, and only the nodes that those need.
 *
 * @param feeds one tensor per graph input, by name
 * @throws OAL-R102 when an input is missing
 */
export function evaluateReference(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  expectArguments("evaluateReference", { graph: [graph, aGraph], feeds: [feeds, kinds.record] });
  const results = new Map<Value, Tensor>();
  for (const input of graph.inputs) {
    const tensor = feeds[input.name];
    if (!tensor) throw oalError("OAL-R102", { input: input.name, problem: "not fed" });
    expectArguments("evaluateReference", { [input.name]: [tensor, aTensor] });
    results.set(input, tensor);
  }
  const read = (value: Value): Tensor => {
    const tensor = value.constant ?? results.get(value);
    if (!tensor) throw oalError("OAL-X101", { problem: `${value.name} is used before it is computed` });
    return tensor;
  };
  for (const node of reachable(graph).nodes) {
    const outputs = node.operator.reference(
      node.inputs.map((input) => (input ? read(input) : null)),
      node.attributes,
    );
    node.outputs.forEach((output, index) => {
      const tensor = outputs[index];
      if (tensor) results.set(output, tensor);
    });
  }
  return Object.fromEntries([...graph.outputs].map(([name, value]) => [name, read(value)]));
}
