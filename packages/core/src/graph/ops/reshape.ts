/** Operator Reshape, and the functions squeeze and unsqueeze built on it. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { productOf, quotientOf } from "../dims.js";
import { elementsAt } from "../elements.js";
import { aDimList, toNumbers, type Dims } from "../tensor.js";
import type { Value } from "../value.js";
import {
  axisOf,
  canBeEqual,
  floatAt,
  flowing,
  inputOf,
  numbers,
  sizesAt,
  tensorAt,
  typeAt,
} from "./access.js";
import { apply, fitting, integers } from "./apply.js";

export const Reshape: Operator = {
  name: "Reshape",
  sinceOpset: 5,
  attributes: { allowzero: "int" },
  newerAttributes: { allowzero: 14 },
  infer: (inputs, attributes, _constants, elements) => {
    const type = typeAt(inputs, 0);
    const wanted = sizesAt(elements, 1, "shape");
    return [{ dtype: type.dtype, shape: resolve(type.shape, wanted, keepsZeros(attributes)) }];
  },
  elements: (inputs) => [elementsAt(inputs, 0)],
  gradient: (node, dy) => [reshape(flowing(dy), inputOf(node, 0).dims), null],
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const shape = numbers(resolve(x.shape, toNumbers(tensorAt(inputs, 1)), keepsZeros(attributes)));
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

function notViewed(from: Dims, wanted: Dims): ShapeProblem {
  return new ShapeProblem(`cannot view [${from.join(", ")}] as [${wanted.join(", ")}]`);
}

/**
 * Fills in 0 (the input's size at that place, unless zeros are kept) and -1 (whatever remains). Where sizes are open, a view that says
 * all of its own is believed: the model could not run otherwise.
 */
function resolve(from: Dims, wanted: Dims, zeros: boolean): Dims {
  const fail = (): never => {
    throw notViewed(from, wanted);
  };
  const sizes: Dims = wanted.map((size, axis) => (size === 0 && !zeros ? (from[axis] ?? 0) : size));
  const total = productOf(from);
  const known = productOf(sizes.filter((size) => size !== -1));
  if (sizes.filter((size) => size === -1).length > 1) fail();
  if (!sizes.includes(-1)) return canBeEqual(known, total) ? sizes : fail();
  const rest = quotientOf(total, known) ?? fail();
  return sizes.map((size) => (size === -1 ? rest : size));
}

/**
 * The same elements, row-major, in another shape; one size may be -1, and the names of open sizes of x may stand in it. The
 * first size is written relative to the input (0 or -1), so that a model whose views keep the batch in front accepts any
 * batch size.
 *
 * @throws OAL-G101 when the number of elements differs
 */
export function reshape(x: Value, shape: Dims): Value {
  expectArguments("reshape", { x: [x, aValue], shape: [shape, aDimList] });
  const written = fitting(x.graph, "Reshape", () => {
    if (!shape.includes(-1) && productOf(shape) !== productOf(x.dims)) throw notViewed(x.dims, shape);
    return writtenShape(x, shape);
  });
  // A size of 0 would be read as "the input's".
  return apply(Reshape, [x, integers(x.graph, written)], shape.includes(0) ? { allowzero: 1 } : {});
}

/** The numbers that the operator is given, the first relative to the input where the others are numbers. */
function writtenShape(x: Value, shape: Dims): readonly number[] {
  const [first, ...rest] = shape;
  const isWhole = !shape.includes(-1) && !shape.includes(0) && productOf(shape) === productOf(x.dims);
  const sizes = relativeSizes(x.dims, shape);
  if (first === undefined || !isWhole || rest.some((size) => typeof size === "string")) return sizes;
  return [first === x.dims[0] ? 0 : -1, ...sizes.slice(1)];
}

/** Sizes of a view as numbers: 0 for an open size that stays where it was, -1 for one that does not. */
export function relativeSizes(from: Dims, to: Dims): readonly number[] {
  return to.map((size, axis) => (typeof size === "number" ? size : size === from[axis] ? 0 : -1));
}

/** Removes axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  expectArguments("squeeze", { x: [x, aValue], axes: [axes, kinds.integers] });
  const removed = fitting(x.graph, "squeeze", () => axes.map((axis) => axisOf(axis, x.rank)));
  return reshape(
    x,
    x.dims.filter((_, axis) => !removed.includes(axis)),
  );
}

/** Inserts axes of size 1; positions are counted in the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  expectArguments("unsqueeze", { x: [x, aValue], axes: [axes, kinds.integers] });
  const rank = x.rank + axes.length;
  const inserted = fitting(x.graph, "unsqueeze", () => axes.map((axis) => axisOf(axis, rank)));
  const sizes = [...x.dims];
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (inserted.includes(axis) ? 1 : (sizes.shift() ?? 1))),
  );
}

/** Checks that a float value has the wanted rank; shared by operators on images. */
export function floatOfRank(inputs: Parameters<typeof floatAt>[0], index: number, rank: number): Dims {
  const { shape } = floatAt(inputs, index);
  if (shape.length !== rank)
    throw new ShapeProblem(`input ${index} must have rank ${rank}, its shape is [${shape.join(", ")}]`);
  return shape;
}
