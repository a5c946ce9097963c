/** Operator Transpose: permutes axes. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { movedElements } from "../elements.js";
import { ints, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { stridesOf } from "../tensor.js";
import type { Value } from "../value.js";
import { flowing, inputOf, sizeAt, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";

export const Transpose: Operator = {
  name: "Transpose",
  sinceOpset: 1,
  attributes: { perm: "ints" },
  infer: (inputs, attributes) => {
    const { dtype, shape } = typeAt(inputs, 0);
    const permutation = permutationOf(attributes, shape.length);
    if ([...permutation].sort((a, b) => a - b).join() !== shape.map((_, axis) => axis).join()) {
      throw new ShapeProblem(`[${permutation.join(", ")}] is no permutation of ${shape.length} axes`);
    }
    return [{ dtype, shape: permutation.map((axis) => sizeAt(shape, axis)) }];
  },
  elements: (inputs, attributes) => movedElements(Transpose, inputs, attributes),
  gradient: (node, dy) => {
    const permutation = permutationOf(node.attributes, inputOf(node, 0).rank);
    return [
      transpose(
        flowing(dy),
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const permutation = permutationOf(attributes, x.shape.length);
    const shape = permutation.map((axis) => sizeAt(x.shape, axis));
    const strides = stridesOf(x.shape);
    return [
      pick(
        x,
        shape,
        offsets(
          shape,
          permutation.map((axis) => sizeAt(strides, axis)),
        ),
      ),
    ];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [2, 3] }], attributes: { perm: [1, 0] } },
    { inputs: [{ dtype: "float32", shape: [2, 3, 1, 4] }], attributes: { perm: [2, 0, 3, 1] } },
    { inputs: [{ dtype: "float32", shape: [2, 3, 4] }] },
  ],
};

/** Left out, the order of the axes is reversed. */
function permutationOf(attributes: Attributes, rank: number): readonly number[] {
  const reversed = Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return ints(attributes, "perm", reversed);
}

/** Axis i of the result is axis permutation[i] of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  expectArguments("transpose", { x: [x, aValue], permutation: [permutation, kinds.integers] });
  if (permutation.length === x.rank && permutation.every((axis, place) => axis === place)) return x;
  return apply(Transpose, [x], { perm: [...permutation] });
}

/** Swaps the last two axes. */
export function swapLast(x: Value): Value {
  expectArguments("swapLast", { x: [x, aValue] });
  const axes = x.dims.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
