/** Operator LessOrEqual: comparison, bool. */
import { isAtLeast } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { apply } from "./apply.js";
import { binary, decided, isAtMost } from "./elementwise.js";

export const LessOrEqual: Operator = binary("LessOrEqual", {
  sinceOpset: 12,
  compute: (a, b) => (a <= b ? 1 : 0),
  join: (a, b) =>
    decided(
      a,
      b,
      (difference) => isAtMost(difference, 0),
      (difference) => isAtLeast(difference, 1),
    ),
  gradient: "none",
  result: "bool",
});

/** a <= b as bool, elementwise with broadcasting; false where either is NaN. */
export function lessOrEqualTo(a: Operand, b: Operand): Value {
  return apply(LessOrEqual, [a, b]);
}
