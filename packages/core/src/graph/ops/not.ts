/** Operator Not: negation of bool. */
import { ShapeProblem, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { mapBroadcast } from "./broadcasting.js";

export const Not: Operator = {
  name: "Not",
  sinceOpset: 1,
  attributes: {},
  infer: (inputs) => {
    const type = typeAt(inputs, 0);
    if (type.dtype !== "bool") throw new ShapeProblem(`input must be bool, it is ${type.dtype}`);
    return [type];
  },
  gradient: "none",
  reference: (inputs) => [mapBroadcast([tensorAt(inputs, 0)], "bool", (x) => (x ? 0 : 1))],
  testPoints: [{ inputs: [{ dtype: "bool", shape: [4], values: [0, 1, 1, 0] }] }],
};

/** not x, elementwise on bool. */
export function logicalNot(x: Value): Value {
  return apply(Not, [x]);
}
