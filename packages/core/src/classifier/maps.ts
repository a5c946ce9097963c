/** Feature maps of a foreign network: what its convolutions give, size by size. */
import type { Graph, Value } from "../graph/value.js";
import type { MapFacts } from "./facts.js";
import { typeOf } from "./walk.js";

/** Operators whose result is a map where what they are given is one: element by element, by windows, or joined. */
const keepsMaps = new Set([
  "Add",
  "AveragePool",
  "BatchNormalization",
  "BatchNormalizationTraining",
  "Clip",
  "Concat",
  "Dropout",
  "Elu",
  "Gelu",
  "HardSigmoid",
  "HardSwish",
  "Identity",
  "InstanceNormalization",
  "LRN",
  "LeakyRelu",
  "MaxPool",
  "Mish",
  "Mul",
  "PRelu",
  "Pad",
  "Relu",
  "Sigmoid",
  "Sub",
]);

/**
 * The last map of every size, in the order of computation.
 *
 * @param needed the values that class scores or features depend on
 */
export function mapsOf(
  graph: Graph,
  needed: ReadonlySet<Value>,
  nameOf: (value: Value) => string,
): readonly (MapFacts & { readonly at: Value })[] {
  const bySize = new Map<string, MapFacts & { readonly at: Value }>();
  const maps = new Set<Value>();
  for (const node of graph.nodes) {
    const [at] = node.outputs;
    const isMap =
      typeOf(node) === "Conv" ||
      (keepsMaps.has(typeOf(node)) && node.inputs.some((input) => input && maps.has(input)));
    if (!at || !isMap || at.knownType?.dtype !== "float32" || at.rank !== 4 || !needed.has(at)) continue;
    const [, channels, height, width] = at.dims;
    if (typeof channels !== "number" || typeof height !== "number" || typeof width !== "number") continue;
    if (height < 2 || width < 2) continue;
    maps.add(at);
    bySize.set(`${height} ${width}`, { name: "", value: nameOf(at), channels, height, width, at });
  }
  return [...bySize.values()].map((map, index) => ({ ...map, name: `stage${index + 1}` }));
}
