/** The two-parameter Weibull distribution. */

/** k and λ of P(X <= x) = 1 - exp(-(x/λ)^k). */
export interface Weibull {
  readonly shape: number;
  readonly scale: number;
}

/**
 * Maximum likelihood: k solves Σ x^k ln x / Σ x^k - 1/k - mean(ln x) = 0, λ = (mean x^k)^(1/k). In logarithms relative to the largest
 * value, so that k of order 10^4 does not overflow. The left side rises in k, so that halving finds its only root.
 *
 * @param values  positive, not all equal
 * @returns null for values that are all equal: no Weibull distribution has no spread
 */
export function fitWeibull(values: ArrayLike<number>): Weibull | null {
  const logs = Array.from(values, Math.log);
  const largest = Math.max(...logs);
  const shifted = logs.map((log) => log - largest);
  const mean = shifted.reduce((sum, log) => sum + log, 0) / shifted.length;
  if (!(mean < 0)) return null;
  const residual = (k: number): number => {
    let weights = 0;
    let weighted = 0;
    for (const log of shifted) {
      const weight = Math.exp(k * log);
      weights += weight;
      weighted += weight * log;
    }
    return weighted / weights - 1 / k - mean;
  };
  let low = 1e-6;
  let high = 1;
  while (residual(high) < 0 && high < 1e15) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2;
    if (residual(middle) < 0) low = middle;
    else high = middle;
  }
  const shape = (low + high) / 2;
  const power = shifted.reduce((sum, log) => sum + Math.exp(shape * log), 0) / shifted.length;
  return { shape, scale: Math.exp(largest + Math.log(power) / shape) };
}
