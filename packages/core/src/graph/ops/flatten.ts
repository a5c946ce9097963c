/** Operator Flatten: to a matrix, splitting the axes in two. */
import { int, type Operator } from "../operator.js";
import { productOf } from "../dims.js";
import type { Dims } from "../tensor.js";
import type { Value } from "../value.js";
import { flowing, inputOf, numbers, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { reshape } from "./reshape.js";

export const Flatten: Operator = {
  name: "Flatten",
  sinceOpset: 11,
  attributes: { axis: "int" },
  infer: (inputs, attributes) => {
    const { dtype, shape } = typeAt(inputs, 0);
    return [{ dtype, shape: matrix(shape, int(attributes, "axis", 1)) }];
  },
  gradient: (node, dy) => [reshape(flowing(dy), inputOf(node, 0).dims)],
  reference: (inputs, attributes) => {
    const { dtype, shape, data } = tensorAt(inputs, 0);
    return [{ dtype, data, shape: numbers(matrix(shape, int(attributes, "axis", 1))) }];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [2, 3, 2] }] },
    { inputs: [{ dtype: "float32", shape: [2, 3, 2] }], attributes: { axis: 2 } },
  ],
};

function matrix(shape: Dims, axis: number): Dims {
  return [productOf(shape.slice(0, axis)), productOf(shape.slice(axis))];
}

/** [N, ...] as [N, product of the rest] (or split before another axis). */
export function flatten(x: Value, axis = 1): Value {
  return apply(Flatten, [x], { axis });
}
