/** Operator Sub: a - b. */
import { differenceOf } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { neg } from "./neg.js";
import { sumTo } from "./sums.js";

export const Sub: Operator = binary("Sub", {
  sinceOpset: 7,
  compute: (a, b) => a - b,
  join: differenceOf,
  gradient: (node, dy, wants) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    return [wants(0) ? sumTo(flowing(dy), a.dims) : null, wants(1) ? neg(sumTo(flowing(dy), b.dims)) : null];
  },
});

/** a - b with broadcasting. */
export function sub(a: Operand, b: Operand): Value {
  return apply(Sub, [a, b]);
}
