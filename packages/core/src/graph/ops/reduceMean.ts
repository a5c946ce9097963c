/** Operator ReduceMean. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { expand } from "./expand.js";
import { mul } from "./mul.js";
import { groupSize, reduce, reduction, withAxes } from "./reduction.js";

export const ReduceMean: Operator = reduction(
  "ReduceMean",
  18,
  (group) => group.reduce((sum, x) => sum + x, 0) / group.length,
  (node, dy) => [expand(withAxes(node, mul(flowing(dy), 1 / groupSize(node))), inputOf(node, 0).dims), null],
);

/** Mean over axes (all when left out). Reduced axes vanish unless keepDims. */
export function reduceMean(x: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce(ReduceMean, x, axes, keepDims);
}
