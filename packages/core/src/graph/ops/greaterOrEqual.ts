/** Operator GreaterOrEqual: comparison, bool. */
import { isAtLeast } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { apply } from "./apply.js";
import { binary, decided, isAtMost } from "./elementwise.js";

export const GreaterOrEqual: Operator = binary("GreaterOrEqual", {
  sinceOpset: 16,
  compute: (a, b) => (a >= b ? 1 : 0),
  join: (a, b) =>
    decided(
      a,
      b,
      (difference) => isAtLeast(difference, 0),
      (difference) => isAtMost(difference, -1),
    ),
  gradient: "none",
  result: "bool",
});

/** a >= b as bool, elementwise with broadcasting; false where either is NaN. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return apply(GreaterOrEqual, [a, b]);
}
