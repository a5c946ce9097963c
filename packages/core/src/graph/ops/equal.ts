/** Operator Equal: comparison, bool. */
import { isAtLeast } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { apply } from "./apply.js";
import { binary, decided, isAtMost } from "./elementwise.js";

export const Equal: Operator = binary("Equal", {
  sinceOpset: 11,
  compute: (a, b) => (a === b ? 1 : 0),
  join: (a, b) =>
    decided(
      a,
      b,
      (difference) => difference === 0,
      (difference) => isAtLeast(difference, 1) || isAtMost(difference, -1),
    ),
  gradient: "none",
  result: "bool",
});

/** a = b as bool, elementwise with broadcasting; false where either is NaN. */
export function equal(a: Operand, b: Operand): Value {
  return apply(Equal, [a, b]);
}
