/** Operator Softplus: log(1 + e^x). */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { sigmoid } from "./sigmoid.js";

export const Softplus: Operator = unary("Softplus", {
  sinceOpset: 1,
  compute: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  gradient: (node, dy) => [mul(flowing(dy), sigmoid(inputOf(node, 0)))],
});

/** log(1 + e^x), elementwise, stable for large |x|. */
export function softplus(x: Value): Value {
  return apply(Softplus, [x]);
}
