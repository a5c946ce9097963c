/** Operator Log: natural logarithm. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { div } from "./div.js";
import { unary } from "./elementwise.js";

export const Log: Operator = unary("Log", {
  sinceOpset: 6,
  compute: Math.log,
  gradient: (node, dy) => [div(flowing(dy), inputOf(node, 0))],
  range: [0.3, 3],
});

/** Natural logarithm, elementwise: -infinity at 0, NaN below. */
export function log(x: Value): Value {
  return apply(Log, [x]);
}
