/** Operator Relu: max(x, 0). */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { step } from "./step.js";

export const Relu: Operator = unary("Relu", {
  sinceOpset: 6,
  compute: (x) => (x < 0 ? 0 : x),
  // The mask y > 0 as a product: 2.8 times faster than Where (ENGINE 0.6).
  gradient: (node, dy) => [mul(step(outputOf(node, 0), 0), flowing(dy))],
});

/** max(x, 0), elementwise; the gradient at 0 is 0. */
export function relu(x: Value): Value {
  return apply(Relu, [x]);
}
