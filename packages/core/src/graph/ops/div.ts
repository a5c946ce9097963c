/** Operator Div: a / b. */
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { sumTo } from "./sums.js";

export const Div: Operator = binary("Div", {
  sinceOpset: 7,
  compute: (a, b) => a / b,
  gradient: (node, dy, wants) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const da = div(flowing(dy), b);
    return [
      wants(0) ? sumTo(da, a.shape) : null,
      wants(1) ? neg(sumTo(mul(da, outputOf(node, 0)), b.shape)) : null,
    ];
  },
  ranges: [
    [-2, 2],
    [0.5, 2],
  ],
});

/** a / b, elementwise with broadcasting. */
export function div(a: Operand, b: Operand): Value {
  return apply(Div, [a, b]);
}
