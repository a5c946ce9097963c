/** Quantiles of sorted numbers. */

/**
 * A quantile by linear interpolation at position (n - 1) q of the sorted values, as numpy computes it by default.
 *
 * @param sorted  ascending
 * @param q  in [0, 1]
 * @returns NaN of no values
 */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const { low, high, share } = quantilePlace(sorted.length, q);
  return between(sorted[low] ?? NaN, sorted[high] ?? NaN, share);
}

/** Where a quantile lies among `count` sorted values: between two of them, by position, at a share of the way. */
export function quantilePlace(
  count: number,
  q: number,
): { readonly low: number; readonly high: number; readonly share: number } {
  const position = (count - 1) * q;
  const low = Math.floor(position);
  return { low, high: Math.min(low + 1, count - 1), share: position - low };
}

/** A share of the way from one number to another. */
export function between(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
