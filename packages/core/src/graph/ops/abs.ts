/** Operator Abs: |x|. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { step } from "./step.js";
import { sub } from "./sub.js";

export const Abs: Operator = unary("Abs", {
  sinceOpset: 6,
  compute: Math.abs,
  takesIntegers: true,
  // sign(x) = 2 step(x) - 1, 0 at 0; the operator Sign is slow on CPU (ENGINE 0.6).
  gradient: (node, dy) => [mul(flowing(dy), sub(mul(step(inputOf(node, 0), 0.5), 2), 1))],
  range: [0.3, 3],
});

/** |x|, elementwise; the gradient at 0 is 0. */
export function abs(x: Value): Value {
  return apply(Abs, [x]);
}
