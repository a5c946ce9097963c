/** The normal distribution's tail, to double precision. */
import { expectArguments, kinds } from "../errors/index.js";

/**
 * Complementary error function erfc(x) = 1 - erf(x), relative error below 1e-13.
 *
 * @source power series below 2, Legendre's continued fraction above (Abramowitz and Stegun 7.1.6 and 7.1.14)
 */
export function erfc(x: number): number {
  expectArguments("erfc", { x: [x, kinds.number] });
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = x;
  for (let n = 120; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** Two-sided p value of a standard normal statistic: 2 (1 - Phi(|z|)). */
export function twoSidedP(z: number): number {
  expectArguments("twoSidedP", { z: [z, kinds.number] });
  return erfc(Math.abs(z) / Math.SQRT2);
}
