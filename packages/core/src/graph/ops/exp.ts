/** Operator Exp: e^x. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";

export const Exp: Operator = unary("Exp", {
  sinceOpset: 6,
  compute: Math.exp,
  gradient: (node, dy) => [mul(flowing(dy), outputOf(node, 0))],
});

/** e^x, elementwise. Overflows to infinity above 88.7 in float32. */
export function exp(x: Value): Value {
  return apply(Exp, [x]);
}
