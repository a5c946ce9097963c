/** Operator Add: a + b. */
import { sumOf } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { sumTo } from "./sums.js";

export const Add: Operator = binary("Add", {
  sinceOpset: 7,
  compute: (a, b) => a + b,
  join: (a, b) => sumOf([a, b]),
  gradient: (node, dy, wants) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    return [wants(0) ? sumTo(flowing(dy), a.dims) : null, wants(1) ? sumTo(flowing(dy), b.dims) : null];
  },
});

/** a + b with broadcasting. */
export function add(a: Operand, b: Operand): Value {
  return apply(Add, [a, b]);
}
