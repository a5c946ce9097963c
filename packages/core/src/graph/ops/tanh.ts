/** Operator Tanh: hyperbolic tangent. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

export const Tanh: Operator = unary("Tanh", {
  sinceOpset: 6,
  compute: Math.tanh,
  gradient: (node, dy) => {
    const y = outputOf(node, 0);
    return [mul(flowing(dy), sub(1, mul(y, y)))];
  },
});

/** Hyperbolic tangent, elementwise. */
export function tanh(x: Value): Value {
  return apply(Tanh, [x]);
}
