/** Operator Neg: -x. */
import { differenceOf } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";

export const Neg: Operator = unary("Neg", {
  sinceOpset: 6,
  compute: (x) => -x,
  takesIntegers: true,
  elements: (size) => differenceOf(0, size),
  gradient: (_node, dy) => [neg(flowing(dy))],
});

/** -x, elementwise. Any float shape. */
export function neg(x: Value): Value {
  return apply(Neg, [x]);
}
