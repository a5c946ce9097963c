/** A part of a graph once more, on other values. */
import { expectArguments, kind, oalError } from "../errors/index.js";
import type { Value } from "../graph/index.js";
import { aValue, isValue } from "../graph/ops/operands.js";

const valueMap = kind(
  "a map from values to values",
  (value) => value instanceof Map && [...value].every((pair) => pair.every(isValue)),
);

/**
 * Builds what lies behind some values of a graph a second time, with other values in their place: the outputs of a network on
 * moved images, with the same weights.
 *
 * @param instead  new values by the values they replace, of the same type
 * @returns gives the counterpart of any value; one that does not depend on a replaced value is its own. Parts that two
 *   counterparts share are built once.
 */
export function replay(instead: ReadonlyMap<Value, Value>): (value: Value) => Value {
  expectArguments("replay", { instead: [instead, valueMap] });
  const copies = new Map(instead);
  return (value) => {
    expectArguments("replay", { value: [value, aValue] });
    const nodes = [...value.graph.nodes];
    const reached = new Set<Value>(copies.keys());
    for (const node of nodes)
      if (node.inputs.some((input) => input && reached.has(input)))
        for (const output of node.outputs) reached.add(output);
    const wanted = new Set<Value>([value]);
    for (const node of nodes.toReversed())
      if (node.outputs.some((output) => wanted.has(output) && !copies.has(output)))
        for (const input of node.inputs) if (input && reached.has(input)) wanted.add(input);
    for (const node of nodes) {
      if (!node.outputs.some((output) => wanted.has(output) && reached.has(output) && !copies.has(output)))
        continue;
      const inputs = node.inputs.map((input) => (input && copies.get(input)) ?? input);
      const build = (): readonly Value[] => value.graph.node(node.operator, inputs, node.attributes);
      const again = value.graph.scope("again", () =>
        node.path === "" ? build() : value.graph.scope(node.path, build),
      );
      node.outputs.forEach((output, i) => {
        const copy = again[i];
        if (!copy) throw oalError("OAL-X101", { problem: "a node built again lacks an output" });
        if (!copies.has(output)) copies.set(output, copy);
      });
    }
    return copies.get(value) ?? value;
  };
}
