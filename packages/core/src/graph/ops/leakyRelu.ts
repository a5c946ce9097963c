/** Operator LeakyRelu: x above 0, alpha x below. */
import { float, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { add } from "./add.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { step } from "./step.js";

export const LeakyRelu: Operator = unary("LeakyRelu", {
  sinceOpset: 6,
  attributes: { alpha: "float" },
  compute: (x, attributes) => (x < 0 ? float(attributes, "alpha", 0.01) * x : x),
  gradient: (node, dy) => {
    const alpha = float(node.attributes, "alpha", 0.01);
    const slope = add(mul(step(inputOf(node, 0), 0), 1 - alpha), alpha);
    return [mul(flowing(dy), slope)];
  },
  testAttributes: [{}, { alpha: 0.3 }],
});

/** x where x > 0, else alpha x, elementwise. Default alpha 0.01, PyTorch's. */
export function leakyRelu(x: Value, alpha = 0.01): Value {
  return apply(LeakyRelu, [x], { alpha });
}
