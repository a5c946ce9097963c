/** Operator Max of any number of operands: the largest. */
import { differenceOf, isAtLeast } from "../dims.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { binaryPoints } from "./elementwise.js";
import { mul } from "./mul.js";
import { step } from "./step.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";
import { sharedByWinners, variadic, variadicPoints } from "./variadic.js";

export const Max: Operator = variadic("Max", {
  sinceOpset: 12,
  compute: Math.max,
  join: (a, b) => (isAtLeast(differenceOf(a, b), 0) ? a : isAtLeast(differenceOf(b, a), 0) ? b : undefined),
  // A step at a - b = 0 that is 1/2 there: ties share the gradient, as in PyTorch.
  gradient: (node, dy, wants) => {
    if (node.inputs.length !== 2) return sharedByWinners(node, dy, wants);
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const chosen = mul(flowing(dy), step(sub(a, b), 0.5));
    return [
      wants(0) ? sumTo(chosen, a.dims) : null,
      wants(1) ? sumTo(sub(flowing(dy), chosen), b.dims) : null,
    ];
  },
  testPoints: [...binaryPoints(), ...variadicPoints],
});

/** The larger of a and b, elementwise with broadcasting; ties share the gradient. */
export function maximum(a: Operand, b: Operand): Value {
  return apply(Max, [a, b]);
}
