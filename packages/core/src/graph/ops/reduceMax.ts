/** Operator ReduceMax. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { cast } from "./cast.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { mul } from "./mul.js";
import { reduce, reducedAxes, reduction, withAxes } from "./reduction.js";
import { reduceSum } from "./reduceSum.js";

export const ReduceMax: Operator = reduction(
  "ReduceMax",
  18,
  (group) => group.reduce((a, b) => Math.max(a, b), -Infinity),
  (node, outputGradients) => {
    const dy = flowing(outputGradients);
    const winners = cast(equal(inputOf(node, 0), withAxes(node, outputOf(node, 0))), dy.dtype);
    return [mul(winners, div(withAxes(node, dy), reduceSum(winners, reducedAxes(node), true))), null];
  },
);

/** Largest element over axes (all when left out); ties share the gradient. */
export function reduceMax(x: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce(ReduceMax, x, axes, keepDims);
}
