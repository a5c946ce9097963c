/** Operator Mul: a * b. */
import { productOf } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { sumTo } from "./sums.js";

export const Mul: Operator = binary("Mul", {
  sinceOpset: 7,
  compute: (a, b) => a * b,
  join: (a, b) => productOf([a, b]),
  gradient: (node, dy, wants) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    if (a === b) return [mul(flowing(dy), mul(a, 2)), null];
    return [
      wants(0) ? sumTo(mul(flowing(dy), b), a.dims) : null,
      wants(1) ? sumTo(mul(flowing(dy), a), b.dims) : null,
    ];
  },
});

/** a * b, elementwise with broadcasting. */
export function mul(a: Operand, b: Operand): Value {
  return apply(Mul, [a, b]);
}
