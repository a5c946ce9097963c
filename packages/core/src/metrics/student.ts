/** Student's t distribution: what a mean of few values is off by, measured in standard errors that were estimated from the same values. */
import { expectArguments, kinds } from "../errors/index.js";
import { betaDistribution, betaQuantile } from "./beta.js";

/**
 * Two-sided p value of Student's t: the probability that |T| is larger than |t|.
 *
 * @param t  a difference in standard errors
 * @param degrees  degrees of freedom, at least 1: one less than the values that the standard error was estimated from
 * @source P = I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t^2), Abramowitz and Stegun 26.7.1 and 26.5.27
 * @example studentP(4.303, 2)   // 0.05: three values need more than four standard errors
 */
export function studentP(t: number, degrees: number): number {
  expectArguments("studentP", { t: [t, kinds.finite], degrees: [degrees, kinds.positiveCount] });
  return betaDistribution(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/**
 * The t that |T| stays below with a probability: how many standard errors an interval reaches to either side.
 *
 * @param level  in [0, 1)
 * @param degrees  degrees of freedom, at least 1
 * @example studentQuantile(0.95, 2)   // 4.303; with many degrees of freedom 1.960
 */
export function studentQuantile(level: number, degrees: number): number {
  expectArguments("studentQuantile", {
    level: [level, kinds.fraction],
    degrees: [degrees, kinds.positiveCount],
  });
  const x = betaQuantile(1 - level, degrees / 2, 0.5);
  return Math.sqrt((degrees * (1 - x)) / x);
}
