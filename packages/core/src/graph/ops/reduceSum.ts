/** Operator ReduceSum. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { expand } from "./expand.js";
import { reduce, reduction, withAxes } from "./reduction.js";

export const ReduceSum: Operator = reduction(
  "ReduceSum",
  13,
  (group) => group.reduce((sum, x) => sum + x, 0),
  (node, dy) => [expand(withAxes(node, flowing(dy)), inputOf(node, 0).dims), null],
);

/** Sum over axes (all when left out). Reduced axes vanish unless keepDims. */
export function reduceSum(x: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce(ReduceSum, x, axes, keepDims);
}
