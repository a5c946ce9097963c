/** Operator HardSigmoid: clip(alpha x + beta, 0, 1). With alpha = 1e30 it is the cheapest step function (ENGINE 0.6). */
import { float, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

export const HardSigmoid: Operator = unary("HardSigmoid", {
  sinceOpset: 6,
  attributes: { alpha: "float", beta: "float" },
  compute: (x, attributes) =>
    Math.min(1, Math.max(0, float(attributes, "alpha", 0.2) * x + float(attributes, "beta", 0.5))),
  gradient: (node, dy) => {
    const alpha = float(node.attributes, "alpha", 0.2);
    if (alpha >= 1e20) return [null]; // used as a step: zero almost everywhere
    const y = outputOf(node, 0);
    const inside = hardSigmoid(mul(y, sub(1, y)), 1e30, 0);
    return [mul(flowing(dy), mul(inside, alpha))];
  },
  range: [-4, 4],
  testAttributes: [{}, { alpha: 1 / 6, beta: 0.5 }, { alpha: 1e30, beta: 0 }],
});

/**
 * clip(alpha x + beta, 0, 1), elementwise. Its defaults are ONNX's; PyTorch's hardsigmoid is alpha = 1/6.
 */
export function hardSigmoid(x: Value, alpha = 0.2, beta = 0.5): Value {
  return apply(HardSigmoid, [x], { alpha, beta });
}
