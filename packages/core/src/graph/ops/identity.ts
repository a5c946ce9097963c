/** Operator Identity: a copy under another name, for example of an input that is also an output. */
import { elementsAt } from "../elements.js";
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";

export const Identity: Operator = {
  name: "Identity",
  sinceOpset: 1,
  attributes: {},
  infer: (inputs) => [typeAt(inputs, 0)],
  elements: (inputs) => [elementsAt(inputs, 0)],
  gradient: (_node, dy) => [flowing(dy)],
  elementwise: true,
  reference: (inputs) => [tensorAt(inputs, 0)],
  testPoints: [{ inputs: [{ dtype: "float32", shape: [2, 3] }] }],
};

/** x itself. */
export function identity(x: Value): Value {
  return apply(Identity, [x]);
}
