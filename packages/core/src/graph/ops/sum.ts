/** Operator Sum of any number of operands; oal's own graphs add in pairs. */
import type { Operator } from "../operator.js";
import { flowing, inputOf } from "./access.js";
import { sumTo } from "./sums.js";
import { variadic, variadicPoints } from "./variadic.js";

export const Sum: Operator = variadic("Sum", {
  sinceOpset: 8,
  compute: (a, b) => a + b,
  gradient: (node, dy, wants) =>
    node.inputs.map((_, index) => (wants(index) ? sumTo(flowing(dy), inputOf(node, index).dims) : null)),
  testPoints: variadicPoints,
});
