/** A graph of one picture (or a fixed number of them) as a graph of any number: what a file fixes for no reason is opened again. */
import { oalError } from "../errors/index.js";
import { productOf } from "../graph/dims.js";
import { add, concat, mul, reshape, slice, transpose } from "../graph/index.js";
import type { InlineOptions } from "../graph/inline.js";
import type { Dim } from "../graph/tensor.js";
import type { Node, Value } from "../graph/value.js";
import { fewNumbers, readersOf, type Statics, typeOf } from "./walk.js";

/** The name of the open number of pictures. */
export const batchName = "batch";

const holdsBatch = (size: Dim): boolean => typeof size === "string" && size.split("*").includes(batchName);

/** The axis along which a value holds one thing per picture; -1 for none. */
export function batchAxis(value: Value): number {
  return value.knownType?.shape.findIndex(holdsBatch) ?? -1;
}

/**
 * How the nodes of a file for `fixed` pictures are copied into a graph for any number: constants that name the number of pictures are
 * replaced, and what the file has once (a class token) is repeated for every picture.
 */
export function widening(fixed: number): NonNullable<InlineOptions["build"]> {
  return (node, inputs) => {
    const type = typeOf(node);
    if (type === "Reshape") return reshaped(node, inputs, fixed);
    if (type === "Concat") return joined(node, inputs, fixed);
    return null;
  };
}

/** A shape's constant names the number of pictures: the axis that holds it follows from what lies before it. */
function reshaped(node: Node, [input]: readonly (Value | null)[], fixed: number): readonly Value[] | null {
  const [before] = node.inputs;
  const [after] = node.outputs;
  const place = input ? batchAxis(input) : -1;
  if (!input || place < 0 || !before?.knownType || !after?.knownType) return null;
  const earlier = productOf(before.dims.slice(0, place));
  const axes = after.dims.flatMap((size, axis) => {
    const fits =
      productOf(after.dims.slice(0, axis)) === earlier && typeof size === "number" && size % fixed === 0;
    return fits ? [{ axis, size }] : [];
  });
  const found = axes.find(({ size }) => size === fixed) ?? axes[0];
  if (!found) throw cannotWiden(node, fixed);
  const shape = after.dims.map((size, axis) => (axis === found.axis ? -1 : size));
  return [reshape(input, shape)];
}

function joined(node: Node, inputs: readonly (Value | null)[], fixed: number): readonly Value[] | null {
  const axis = node.attributes["axis"];
  const wide = inputs.find((input) => input && batchAxis(input) >= 0);
  if (!wide || typeof axis !== "number") return null;
  const place = batchAxis(wide);
  const isOnce = (input: Value | null): input is Value => input !== null && batchAxis(input) < 0;
  if (!inputs.some(isOnce) || place === (axis < 0 ? axis + wide.rank : axis)) return null;
  // One zero per picture; what is added to it is there for every picture.
  const zero = mul(
    slice(
      wide,
      wide.dims.flatMap((_, at) => (at === place ? [] : [0])),
      wide.dims.flatMap((_, at) => (at === place ? [] : [1])),
      wide.dims.flatMap((_, at) => (at === place ? [] : [at])),
    ),
    0,
  );
  const all = inputs.map((input) => {
    if (!isOnce(input)) return input;
    if (input.dims[place] !== 1) throw cannotWiden(node, fixed);
    return add(input, zero);
  });
  return [
    concat(
      all.filter((input) => input !== null),
      axis,
    ),
  ];
}

/** OAL-I153 for a node that holds the number of pictures fast. */
export function cannotWiden(node: Node | null, fixed: number): Error {
  const at = node ? `${typeOf(node)} ${node.outputs[0]?.name ?? ""}` : "the class scores";
  return oalError("OAL-I153", { count: fixed, node: at });
}

/**
 * The first values with a batch axis of a file whose input has none, each with what stands for it.
 *
 * @param images the pictures, with a batch axis before the file's axes
 */
export function addedBatch(
  graph: { readonly input: Value; readonly statics: Statics },
  images: Value,
): ReadonlyMap<Value, Value> {
  const { input, statics } = graph;
  const readers = readersOf(input.graph);
  const found = new Map<Value, Value>();
  const pending: [Value, Value][] = [[input, images]];
  for (const [from, to] of pending) {
    for (const node of readers.get(from) ?? []) {
      const [output] = node.outputs;
      if (!output?.knownType) throw cannotWiden(node, 1);
      const type = typeOf(node);
      const [first, ...rest] = output.dims;
      const { perm } = node.attributes;
      const arithmetic = statics.arithmeticOf(node);
      if (type === "Unsqueeze" || type === "Reshape") {
        if (first !== 1 || rest.length !== from.rank) throw cannotWiden(node, 1);
        const isSame = rest.every((size, axis) => size === from.dims[axis]);
        found.set(output, isSame ? to : reshape(to, [batchName, ...rest]));
      } else if (type === "Transpose" && typeof perm === "object")
        pending.push([output, transpose(to, [0, ...perm.map((axis) => axis + 1)])]);
      else if (type === "Cast" || type === "Identity" || arithmetic) {
        const inputs = node.inputs.map((value) => {
          if (value === from) return to;
          const constant = value?.constant ?? null;
          if (!constant || !fewNumbers(constant, constant.data.length)) throw cannotWiden(node, 1);
          return to.graph.constant(constant);
        });
        const [made] = to.graph.node(node.operator, inputs, node.attributes);
        if (made) pending.push([output, made]);
      } else throw cannotWiden(node, 1);
    }
  }
  return found;
}
