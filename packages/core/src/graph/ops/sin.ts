/** Operator Sin. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { cos } from "./cos.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";

export const Sin: Operator = unary("Sin", {
  sinceOpset: 7,
  compute: Math.sin,
  gradient: (node, dy) => [mul(flowing(dy), cos(inputOf(node, 0)))],
});

/** Sine of radians, elementwise. */
export function sin(x: Value): Value {
  return apply(Sin, [x]);
}
