/** Operator Min of any number of operands: the smallest. */
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

export const Min: Operator = variadic("Min", {
  sinceOpset: 12,
  compute: Math.min,
  join: (a, b) => (isAtLeast(differenceOf(a, b), 0) ? b : isAtLeast(differenceOf(b, a), 0) ? a : undefined),
  // A step at b - a = 0 that is 1/2 there: ties share the gradient, as in PyTorch.
  gradient: (node, dy, wants) => {
    if (node.inputs.length !== 2) return sharedByWinners(node, dy, wants);
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const chosen = mul(flowing(dy), step(sub(b, a), 0.5));
    return [
      wants(0) ? sumTo(chosen, a.dims) : null,
      wants(1) ? sumTo(sub(flowing(dy), chosen), b.dims) : null,
    ];
  },
  testPoints: [...binaryPoints(), ...variadicPoints],
});

/** The smaller of a and b, elementwise with broadcasting; ties share the gradient. */
export function minimum(a: Operand, b: Operand): Value {
  return apply(Min, [a, b]);
}
