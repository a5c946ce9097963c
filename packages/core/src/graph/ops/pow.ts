/** Operator Pow: a to the power b. */
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { add } from "./add.js";
import { apply } from "./apply.js";
import { cast } from "./cast.js";
import { binary } from "./elementwise.js";
import { equal } from "./equal.js";
import { less } from "./less.js";
import { log } from "./log.js";
import { mul } from "./mul.js";
import { logicalNot } from "./not.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";

export const Pow: Operator = binary("Pow", {
  sinceOpset: 12,
  compute: Math.pow,
  gradient: (node, outputGradients, wants) => {
    const [a, b, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const byBase = (): Value => {
      // a^0 has slope 0 at 0 as well, where 0 * 0^-1 would be NaN: its exponent stays 0 there.
      const exponent = add(sub(b, 1), mul(isZero(a), isZero(b)));
      return sumTo(mul(dy, mul(b, pow(a, exponent))), a.dims);
    };
    const byExponent = (): Value => {
      // 0^b is 0 (or 1 at b = 0) for every b >= 0: the logarithm is that of 1 there.
      const logarithm = log(add(a, mul(isZero(a), cast(logicalNot(less(b, 0)), b.dtype))));
      return sumTo(mul(dy, mul(outputOf(node, 0), logarithm)), b.dims);
    };
    return [wants(0) ? byBase() : null, wants(1) ? byExponent() : null];
  },
  ranges: [
    [0.5, 2],
    [-2, 2],
  ],
});

function isZero(x: Value): Value {
  return cast(equal(x, 0), x.dtype);
}

/**
 * a^b, elementwise with broadcasting; for squares `mul(x, x)` is faster. Gradients are PyTorch's: 0 by the base where
 * b = 0, 0 by the exponent where a = 0 <= b, NaN by the exponent where a < 0.
 */
export function pow(a: Operand, b: Operand): Value {
  return apply(Pow, [a, b]);
}
