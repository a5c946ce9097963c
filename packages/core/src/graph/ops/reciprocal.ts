/** Operator Reciprocal: 1 / x. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";

export const Reciprocal: Operator = unary("Reciprocal", {
  sinceOpset: 6,
  compute: (x) => 1 / x,
  gradient: (node, dy) => {
    const y = outputOf(node, 0);
    return [mul(flowing(dy), neg(mul(y, y)))];
  },
  range: [0.3, 3],
});

/** 1 / x, elementwise. */
export function reciprocal(x: Value): Value {
  return apply(Reciprocal, [x]);
}
