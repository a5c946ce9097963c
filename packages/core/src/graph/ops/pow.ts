/** Operator Pow: a to the power b. */
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { log } from "./log.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";

export const Pow: Operator = binary("Pow", {
  sinceOpset: 15,
  compute: Math.pow,
  gradient: (node, outputGradients) => {
    const [a, b, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const exponent = b.constant?.data.length === 1 ? Number(b.constant.data[0]) : null;
    const slope = exponent === 2 ? mul(a, 2) : mul(b, pow(a, sub(b, 1)));
    return [
      a.constant ? null : sumTo(mul(dy, slope), a.shape),
      b.constant ? null : sumTo(mul(dy, mul(outputOf(node, 0), log(a))), b.shape),
    ];
  },
  ranges: [
    [0.5, 2],
    [-2, 2],
  ],
});

/** a^b, elementwise with broadcasting. A variable exponent needs a > 0; for squares `mul(x, x)` is faster. */
export function pow(a: Operand, b: Operand): Value {
  return apply("Pow", [a, b]);
}
