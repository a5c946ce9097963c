/** Operator Erf: the Gauss error function. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf } from "./access.js";
import { apply } from "./apply.js";
import { unary } from "./elementwise.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";

export const Erf: Operator = unary("Erf", {
  sinceOpset: 9,
  compute: erfOf,
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    return [mul(flowing(dy), mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))];
  },
});

/** 2/sqrt(pi) * integral of exp(-t^2) from 0 to x, elementwise. */
export function erf(x: Value): Value {
  return apply(Erf, [x]);
}

/** erf of a number to 1e-12: Maclaurin series near 0, Lentz-free backward continued fraction of erfc further out. */
export function erfOf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size > 2.5) {
    let tail = 0;
    for (let k = 60; k > 0; k--) tail = k / 2 / (size + tail);
    return Math.sign(x) * (1 - Math.exp(-size * size) / ((size + tail) * Math.sqrt(Math.PI)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
