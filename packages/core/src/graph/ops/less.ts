/** Operator Less: comparison, bool. */
import { isAtLeast } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { apply } from "./apply.js";
import { binary, decided, isAtMost } from "./elementwise.js";

export const Less: Operator = binary("Less", {
  sinceOpset: 9,
  compute: (a, b) => (a < b ? 1 : 0),
  join: (a, b) =>
    decided(
      a,
      b,
      (difference) => isAtMost(difference, -1),
      (difference) => isAtLeast(difference, 0),
    ),
  gradient: "none",
  result: "bool",
});

/** a < b as bool, elementwise with broadcasting; false where either is NaN. */
export function less(a: Operand, b: Operand): Value {
  return apply(Less, [a, b]);
}
