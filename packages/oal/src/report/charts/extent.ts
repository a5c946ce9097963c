/** The range of numbers of any amount; arguments of a call, as `Math.min(...)` takes them, are limited. */

/** The least and the largest number; [Infinity, -Infinity] of none. */
export function extentOf(values: Iterable<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
