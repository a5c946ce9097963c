/** Operator Sqrt: square root. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { div } from "./div.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";

export const Sqrt: Operator = unary("Sqrt", {
  sinceOpset: 6,
  compute: Math.sqrt,
  gradient: (node, dy) => [div(mul(flowing(dy), 0.5), outputOf(node, 0))],
  range: [0.3, 3],
});

/** Square root, elementwise: NaN below 0; the gradient is infinite at 0. */
export function sqrt(x: Value): Value {
  return apply(Sqrt, [x]);
}
