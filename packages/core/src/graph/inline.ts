/** One graph inside another: its nodes are copied, with values of the other graph in place of its inputs. */
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import type { Operator } from "./operator.js";
import { aValue } from "./ops/operands.js";
import type { Dim, Dims } from "./tensor.js";
import { aGraph, Node, type Graph, type Value } from "./value.js";

/** How a graph is copied into another. */
export interface InlineOptions {
  /** The values that must be there afterwards. Default: the outputs. What they do not need is not copied. */
  readonly wanted?: Iterable<Value>;
  /** The name that a constant or a computed value gets. Default: the one it has; a taken name gets a number behind it. */
  readonly rename?: (name: string) => string;
  /** Makes something in place of a plain copy of a node: its outputs, or null for the plain copy. */
  readonly build?: (
    node: Node,
    inputs: readonly (Value | null)[],
    names: readonly string[],
  ) => readonly Value[] | null;
}

const aMap = kind("a Map", (value) => value instanceof Map);
const inlineOptions = kinds.fields({
  rename: kinds.optional(kinds.callback),
  build: kinds.optional(kinds.callback),
});

/**
 * Copies a graph into another one. Shapes are inferred anew from the values that take the place of its inputs: a graph of one picture
 * becomes one of many where its nodes allow that. Constants are shared, not copied.
 *
 * @param substitutes for the inputs of `other`, and for any other of its values, a value of `graph`
 * @returns for every value that was needed, the one that stands for it in `graph`
 * @throws OAL-G101 when a node does not take the shapes that reach it, OAL-C120 when an input that is needed has no substitute
 * @example const inside = inline(graph, model.graph, new Map([[model.graph.inputs[0], pixels]]));
 */
export function inline(
  graph: Graph,
  other: Graph,
  substitutes: ReadonlyMap<Value, Value>,
  options: InlineOptions = {},
): ReadonlyMap<Value, Value> {
  expectArguments("inline", {
    graph: [graph, aGraph],
    other: [other, aGraph],
    substitutes: [substitutes, aMap],
    options: [options, inlineOptions],
  });
  const { wanted = other.outputs.values(), rename = (name) => name, build = () => null } = options;
  const copies = new Map(substitutes);
  const sizes = openSizes(substitutes);
  const { nodes, constants } = needed(wanted, other, substitutes);
  for (const value of constants)
    if (value.constant) copies.set(value, graph.constant(value.constant, rename(value.name)));
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => input && (copies.get(input) ?? missing(input)));
    const names = node.outputs.map(({ name }) => rename(name));
    const copy = (): readonly Value[] =>
      build(node, inputs, names) ??
      graph.node(renamedSizes(node.operator, sizes), inputs, node.attributes, names);
    const outputs = node.path === "" ? copy() : graph.scope(node.path, copy);
    node.outputs.forEach((output, index) => {
      const made = outputs[index];
      if (made && !copies.has(output)) copies.set(output, made);
    });
  }
  return copies;
}

function missing(input: Value): never {
  const wanted = "a substitute for every input that is needed";
  throw oalError("OAL-C120", {
    call: "inline",
    argument: "substitutes",
    wanted,
    found: `none for ${input.name}`,
  });
}

/** What the wanted values need that no substitute gives, in order. */
function needed(
  wanted: Iterable<Value>,
  { nodes, constants }: Graph,
  substitutes: ReadonlyMap<Value, Value>,
): { nodes: Node[]; constants: Value[] } {
  const seen = new Set<Value>();
  const reached = new Set<Node>();
  const stack = [...wanted];
  for (let value = stack.pop(); value; value = stack.pop()) {
    expectArguments("inline", { "options.wanted": [value, aValue] });
    if (seen.has(value) || substitutes.has(value)) continue;
    seen.add(value);
    if (!(value.producer instanceof Node) || reached.has(value.producer)) continue;
    reached.add(value.producer);
    stack.push(...value.producer.inputs.filter((input) => input !== null));
  }
  return {
    nodes: nodes.filter((node) => reached.has(node)),
    constants: constants.filter((value) => seen.has(value)),
  };
}

/** What the open sizes of the replaced values are called now. */
function openSizes(substitutes: ReadonlyMap<Value, Value>): ReadonlyMap<string, Dim> {
  const sizes = new Map<string, Dim>();
  for (const [from, to] of substitutes) {
    if (!from.knownType || from.rank !== to.rank) continue;
    from.dims.forEach((size, axis) => {
      const now = to.dims[axis];
      if (typeof size === "string" && now !== undefined) sizes.set(size, now);
    });
  }
  return sizes;
}

/** Nodes that are not understood keep the types that their file gives, under the new names of open sizes. */
function renamedSizes(operator: Operator, sizes: ReadonlyMap<string, Dim>): Operator {
  const { opaque } = operator;
  if (!opaque || sizes.size === 0) return operator;
  const renamed = (shape: Dims): Dims =>
    shape.map((size) => (typeof size === "string" ? (sizes.get(size) ?? size) : size));
  const outputs = opaque.outputs.map((output) =>
    output.type ? { ...output, type: { ...output.type, shape: renamed(output.type.shape) } } : output,
  );
  return { ...operator, opaque: { ...opaque, outputs } };
}
