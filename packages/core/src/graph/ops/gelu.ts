/** Operator Gelu: x times the normal distribution function, exact or by tanh. */
import { text, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { add } from "./add.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { erf, erfOf } from "./erf.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { tanh } from "./tanh.js";

const cubic = 0.044715;
const slope = Math.sqrt(2 / Math.PI);

export const Gelu: Operator = unary("Gelu", {
  sinceOpset: 20,
  attributes: { approximate: "string" },
  compute: (x, attributes) =>
    text(attributes, "approximate", "none") === "tanh"
      ? 0.5 * x * (1 + Math.tanh(slope * (x + cubic * x ** 3)))
      : 0.5 * x * (1 + erfOf(x / Math.SQRT2)),
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const isTanh = text(node.attributes, "approximate", "none") === "tanh";
    return [mul(flowing(dy), isTanh ? tanhSlope(x) : exactSlope(x))];
  },
  testAttributes: [{}, { approximate: "tanh" }],
});

/** Phi(x) + x phi(x). */
function exactSlope(x: Value): Value {
  const distribution = add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
  // The density's factor in the exponent: there it costs no pass where factors and offsets are one (rewrite/blocked/affine.ts).
  const density = exp(sub(mul(mul(x, x), -0.5), 0.5 * Math.log(2 * Math.PI)));
  return add(distribution, mul(x, density));
}

/** With t = tanh(u): (1 + t)/2 + x (1 - t^2) u'/2. */
function tanhSlope(x: Value): Value {
  const square = mul(x, x);
  const t = tanh(mul(x, add(mul(square, slope * cubic), slope)));
  const inner = mul(x, add(mul(square, 1.5 * slope * cubic), 0.5 * slope));
  return add(add(mul(t, 0.5), 0.5), mul(inner, sub(1, mul(t, t))));
}

/** x Phi(x), elementwise, exact (erf) or by the tanh formula 0.5x(1 + tanh(sqrt(2/pi)(x + 0.044715x^3))). */
export function gelu(x: Value, approximate: "none" | "tanh" = "none"): Value {
  return apply(Gelu, [x], { approximate });
}
