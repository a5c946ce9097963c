/** Operator Cos. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { sin } from "./sin.js";

export const Cos: Operator = unary("Cos", {
  sinceOpset: 7,
  compute: Math.cos,
  gradient: (node, dy) => [mul(flowing(dy), neg(sin(inputOf(node, 0))))],
});

/** Cosine of radians, elementwise. */
export function cos(x: Value): Value {
  return apply(Cos, [x]);
}
