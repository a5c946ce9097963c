/** Operator StopGradient: Identity for the engine, an end of the road for differentiation. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";

export const StopGradient: Operator = {
  name: "StopGradient",
  onnxType: "Identity",
  sinceOpset: 1,
  attributes: {},
  infer: (inputs) => [typeAt(inputs, 0)],
  gradient: "none",
  elementwise: true,
  reference: (inputs) => [tensorAt(inputs, 0)],
  testPoints: [{ inputs: [{ dtype: "float32", shape: [2, 3] }] }],
};

/** x, but nothing before it receives a gradient through this value. */
export function stopGradient(x: Value): Value {
  return apply(StopGradient, [x]);
}
