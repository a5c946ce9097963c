/** Operator Sigmoid: 1 / (1 + e^-x). */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

export const Sigmoid: Operator = unary("Sigmoid", {
  sinceOpset: 6,
  compute: (x) => 1 / (1 + Math.exp(-x)),
  gradient: (node, dy) => {
    const y = outputOf(node, 0);
    return [mul(flowing(dy), mul(y, sub(1, y)))];
  },
});

/** Logistic function 1 / (1 + e^-x), elementwise. */
export function sigmoid(x: Value): Value {
  return apply(Sigmoid, [x]);
}
