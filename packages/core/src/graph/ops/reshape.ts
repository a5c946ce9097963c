/** Operator Reshape, and the functions squeeze and unsqueeze built on it. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { sizeOf, toNumbers, type Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { axisOf, floatAt, flowing, inputOf, knownAt, tensorAt, typeAt } from "./access.js";
import { apply, fitting, integers } from "./apply.js";

export const Reshape: Operator = {
  name: "Reshape",
  sinceOpset: 19,
  attributes: { allowzero: "int" },
  infer: (inputs, attributes, constants) => {
    const type = typeAt(inputs, 0);
    const wanted = knownAt(constants, 1, "shape");
    return [{ dtype: type.dtype, shape: resolve(type.shape, wanted, keepsZeros(attributes)) }];
  },
  gradient: (node, dy) => [reshape(flowing(dy), inputOf(node, 0).shape), null],
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const shape = resolve(x.shape, toNumbers(tensorAt(inputs, 1)), keepsZeros(attributes));
    return [{ dtype: x.dtype, shape, data: x.data }];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 6] },
        { dtype: "int64", shape: [3], values: [0, -1, 2], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [4] },
        { dtype: "int64", shape: [2], values: [2, 2], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [3, 0] },
        { dtype: "int64", shape: [3], values: [0, 5, 1], constant: true },
      ],
      attributes: { allowzero: 1 },
    },
  ],
};

/** Whether 0 is a size like any other. */
function keepsZeros(attributes: Attributes): boolean {
  return int(attributes, "allowzero", 0) === 1;
}

/** Fills in 0 (the input's size at that place, unless zeros are kept) and -1 (whatever remains). */
function resolve(from: Shape, wanted: readonly number[], zeros: boolean): Shape {
  const sizes = wanted.map((size, axis) => (size === 0 && !zeros ? (from[axis] ?? 0) : size));
  const known = sizeOf(sizes.filter((size) => size !== -1));
  const shape = sizes.map((size) => (size === -1 ? sizeOf(from) / known : size));
  if (sizeOf(shape) !== sizeOf(from) || shape.some((size) => !Number.isInteger(size))) {
    throw new ShapeProblem(`cannot view [${from.join(", ")}] as [${wanted.join(", ")}]`);
  }
  return shape;
}

/**
 * The same elements, row-major, in another shape; one size may be -1. The first size is written relative to the input
 * (0 or -1), so that a model whose views keep the batch in front accepts any batch size.
 *
 * @throws OAL-G101 when the number of elements differs
 */
export function reshape(x: Value, shape: Shape): Value {
  expectArguments("reshape", { x: [x, aValue], shape: [shape, kinds.integers] });
  fitting(x.graph, "Reshape", () => {
    if (!shape.every(Number.isInteger))
      throw new ShapeProblem(`cannot view [${x.shape.join(", ")}] as [${shape.join(", ")}]`);
  });
  // A size of 0 would be read as "the input's".
  if (shape.includes(0)) return apply(Reshape, [x, integers(x.graph, shape)], { allowzero: 1 });
  const [first, ...rest] = shape;
  const relative =
    first !== undefined && !rest.includes(-1) && sizeOf(rest) > 0 && sizeOf(shape) === sizeOf(x.shape);
  const written = relative ? [first === x.shape[0] ? 0 : -1, ...rest] : shape;
  return apply(Reshape, [x, integers(x.graph, written)]);
}

/** Removes axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  expectArguments("squeeze", { x: [x, aValue], axes: [axes, kinds.integers] });
  const removed = fitting(x.graph, "squeeze", () => axes.map((axis) => axisOf(axis, x.rank)));
  return reshape(
    x,
    x.shape.filter((_, axis) => !removed.includes(axis)),
  );
}

/** Inserts axes of size 1; positions are counted in the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  expectArguments("unsqueeze", { x: [x, aValue], axes: [axes, kinds.integers] });
  const rank = x.rank + axes.length;
  const inserted = fitting(x.graph, "unsqueeze", () => axes.map((axis) => axisOf(axis, rank)));
  const sizes = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (inserted.includes(axis) ? 1 : (sizes.shift() ?? 1))),
  );
}

/** Checks that a float tensor has the wanted rank; shared by operators on images. */
export function floatOfRank(inputs: Parameters<typeof floatAt>[0], index: number, rank: number): Shape {
  const { shape } = floatAt(inputs, index);
  if (shape.length !== rank)
    throw new ShapeProblem(`input ${index} must have rank ${rank}, its shape is [${shape.join(", ")}]`);
  return shape;
}
