/** Beta-distributed numbers from counted draws. */
import type { Random } from "oal-core";

/** Trials of a gamma number that are drawn at once; each is taken with a probability above 0.95. */
const trials = 32;

/**
 * A number of Beta(a, b), as G_a / (G_a + G_b) of two gamma numbers.
 *
 * @param a,b above 0
 * @param step of the stream, as in `Random.uniforms`
 */
export function betaNumber(random: Random, step: number, a: number, b: number): number {
  const [first, second] = [gamma(random.derive("a"), step, a), gamma(random.derive("b"), step, b)];
  return first / (first + second);
}

/**
 * A number of Gamma(shape, 1): d v with v = (1 + x / sqrt(9 d))^3, d = shape - 1/3, x normal, taken where ln u < x²/2 + d (1 - v + ln v); below
 * shape 1 that of shape + 1, times u^(1/shape).
 *
 * @source Marsaglia and Tsang 2000, A Simple Method for Generating Gamma Variables
 */
function gamma(random: Random, step: number, shape: number): number {
  const scale = shape < 1 ? (1 - (random.derive("below").uniforms(step, 1)[0] ?? 0)) ** (1 / shape) : 1;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const normals = random.derive("normals").normals(step, trials);
  const uniforms = random.derive("uniforms").uniforms(step, trials);
  for (let i = 0; i < trials; i++) {
    const x = normals[i] ?? 0;
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - (uniforms[i] ?? 0)) < (x * x) / 2 + d * (1 - v + Math.log(v)))
      return scale * d * v;
  }
  return scale * d; // once in 10^41 draws
}
