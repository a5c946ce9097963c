/** Shape arithmetic of files, done while they are read: what is known becomes a constant, and views say what they keep. */
import { elementsOf } from "../elements.js";
import type { Attributes, Operator } from "../operator.js";
import { integers } from "../ops/apply.js";
import { tensorOf } from "../ops/broadcasting.js";
import { operators } from "../ops/index.js";
import { relativeSizes } from "../ops/reshape.js";
import type { Dims, Tensor, ValueType } from "../tensor.js";
import type { Graph, Value } from "../value.js";

function areNumbers(dims: Dims): dims is readonly number[] {
  return dims.every((size) => typeof size === "number");
}

/**
 * The outputs of a node as constants, where all are whole numbers or truths that are known now. Floats stay nodes: a weight is
 * differentiated under its own name, and the engine rounds as it does.
 */
export function foldedOutputs(
  operator: Operator,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  types: readonly ValueType[],
): readonly Tensor[] | null {
  if (types.some(({ dtype }) => dtype.includes("float"))) return null;
  const elements = elementsOf(operator, inputs, attributes, types);
  const tensors = types.map(({ dtype, shape }, index): Tensor | null => {
    const known = elements[index];
    return known && areNumbers(known) && areNumbers(shape) ? tensorOf(dtype, shape, known) : null;
  });
  return tensors.every((tensor) => tensor !== null) ? tensors : null;
}

/**
 * The inputs of a view or a stretching whose shape is computed, without that computation where sizes of its input say the same: in
 * Reshape as 0 and -1, in Expand as 1.
 */
export function withoutShapeArithmetic(
  graph: Graph,
  operator: Operator,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  [type]: readonly ValueType[],
): { readonly inputs: readonly (Value | null)[]; readonly attributes: Attributes } {
  const [x, shape] = inputs;
  const sizes = type && x && shape && !shape.constant ? writtenSizes(operator, x.dims, type.shape) : null;
  return sizes && x ? { inputs: [x, integers(graph, sizes)], attributes: {} } : { inputs, attributes };
}

function writtenSizes(operator: Operator, from: Dims, to: Dims): readonly number[] | null {
  // A size of 0 would be read as "the input's".
  if (operator === operators.Reshape && !to.includes(0)) {
    const sizes = relativeSizes(from, to);
    return sizes.filter((size) => size === -1).length <= 1 ? sizes : null;
  }
  if (operator !== operators.Expand) return null;
  const lead = to.length - from.length;
  const sizes = to.map((size, axis) => (size === from[axis - lead] ? 1 : size));
  return areNumbers(sizes) ? sizes : null;
}
