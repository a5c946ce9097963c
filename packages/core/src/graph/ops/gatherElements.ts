/** Operator GatherElements: one element along an axis for every index. */
import { int, ShapeProblem, type Operator } from "../operator.js";
import { stridesOf } from "../tensor.js";
import type { Value } from "../value.js";
import { at, axisOf, flowing, inputOf, tensorAt, typeAt, number } from "./access.js";
import { apply } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";
import { scatterElements } from "./scatter.js";

export const GatherElements: Operator = {
  name: "GatherElements",
  sinceOpset: 11,
  attributes: { axis: "int" },
  infer: (inputs, attributes) => {
    const [x, indices] = [typeAt(inputs, 0), typeAt(inputs, 1)];
    const axis = axisOf(int(attributes, "axis", 0), x.shape.length);
    const fits =
      indices.shape.length === x.shape.length &&
      indices.shape.every(
        (size, place) =>
          place === axis || size === at(x.shape, place) || number(size) <= number(at(x.shape, place)),
      );
    if (!indices.dtype.startsWith("int") || !fits)
      throw new ShapeProblem("indices must be integers of x's rank, no larger beside the axis");
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const axis = axisOf(int(node.attributes, "axis", 0), x.rank);
    return [scatterElements(flowing(dy), inputOf(node, 1), x.shape, axis), null];
  },
  reference: (inputs, attributes) => {
    const [x, indices] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const axis = axisOf(int(attributes, "axis", 0), x.shape.length);
    const strides = stridesOf(x.shape);
    const walk = offsets(
      indices.shape,
      strides.map((stride, place) => (place === axis ? 0 : stride)),
    );
    const length = at(x.shape, axis);
    const picks = walk.map((offset, i) => {
      const index = Number(indices.data[i]);
      return offset + (index < 0 ? index + length : index) * at(strides, axis);
    });
    return [pick(x, indices.shape, picks)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [3, 4] },
        { dtype: "int64", shape: [3, 2], values: [0, 3, 1, 1, 2, 0] },
      ],
      attributes: { axis: 1 },
    },
    {
      inputs: [
        { dtype: "float32", shape: [3, 4, 2] },
        { dtype: "int64", shape: [2, 3, 2], values: [0, 2, 1, 1, 2, 0, 0, 0, 1, 2, 2, 1] },
      ],
      attributes: { axis: 0 },
    },
  ],
};

/** result[.., i, ..] = x[.., indices[.., i, ..], ..] along `axis`; indices are int32 or int64 of x's rank. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  return apply(GatherElements, [x, indices], { axis });
}
