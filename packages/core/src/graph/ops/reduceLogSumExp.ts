/** Operator ReduceLogSumExp. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { reduce, reduction, withAxes } from "./reduction.js";
import { sub } from "./sub.js";

export const ReduceLogSumExp: Operator = reduction(
  "ReduceLogSumExp",
  18,
  (group) => {
    const largest = group.reduce((a, b) => Math.max(a, b), -Infinity);
    return largest + Math.log(group.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  },
  (node, dy) => {
    const shares = exp(sub(inputOf(node, 0), withAxes(node, outputOf(node, 0))));
    return [mul(shares, withAxes(node, flowing(dy))), null];
  },
);

/** log of the sum of e^x over axes (all when left out), stable for large x. */
export function logSumExp(x: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce(ReduceLogSumExp, x, axes, keepDims);
}
