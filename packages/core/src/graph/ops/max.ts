/** Operator Max of two operands: the larger one. */
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { hardSigmoid } from "./hardSigmoid.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";

export const Max: Operator = binary("Max", {
  sinceOpset: 13,
  compute: Math.max,
  // A step at a - b = 0 that is 1/2 there: ties share the gradient, as in PyTorch.
  gradient: (node, dy) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const chosen = mul(flowing(dy), hardSigmoid(sub(a, b), 1e30, 0.5));
    return [
      a.constant ? null : sumTo(chosen, a.shape),
      b.constant ? null : sumTo(sub(flowing(dy), chosen), b.shape),
    ];
  },
});

/** The larger of a and b, elementwise with broadcasting; ties share the gradient. */
export function maximum(a: Operand, b: Operand): Value {
  return apply("Max", [a, b]);
}
