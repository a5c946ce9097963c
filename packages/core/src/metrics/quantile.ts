/** Quantiles of sorted numbers. */

/**
 * A quantile by linear interpolation at position (n - 1) q of the sorted values, as numpy computes it by default.
 *
 * @param sorted  ascending
 * @param q  in [0, 1]
 * @returns NaN of no values
 */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const a = sorted[low] ?? NaN;
  const b = sorted[Math.min(low + 1, sorted.length - 1)] ?? NaN;
  return a + (b - a) * (position - low);
}
