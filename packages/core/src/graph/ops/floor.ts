/** Operator Floor: rounds down. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";

export const Floor: Operator = unary("Floor", {
  sinceOpset: 6,
  compute: Math.floor,
  elements: (size) => size,
  gradient: () => [null], // zero almost everywhere, as in PyTorch
  range: [0.1, 0.9],
});

/** The largest whole number not above x, elementwise; its gradient is zero. */
export function floor(x: Value): Value {
  return apply(Floor, [x]);
}
