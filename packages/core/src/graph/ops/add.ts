/** Operator Add: a + b. */
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { sumTo } from "./sums.js";

export const Add: Operator = binary("Add", {
  sinceOpset: 14,
  compute: (a, b) => a + b,
  gradient: (node, dy) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    return [sumTo(flowing(dy), a.shape), sumTo(flowing(dy), b.shape)];
  },
});

/** a + b with broadcasting. */
export function add(a: Operand, b: Operand): Value {
  return apply("Add", [a, b]);
}
