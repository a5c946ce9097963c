/** Training pictures of other classes, by lot. */
import { oalError, type Random } from "oal-core";

/**
 * A picture of another class than a given one, each as likely.
 *
 * @param labels classes of the training pictures
 * @param source id of the source that asks
 * @returns the position of one, a function of row, stream, step and place
 * @throws OAL-T136 when all pictures are of one class
 */
export function othersOf(
  labels: ArrayLike<number>,
  source: string,
): (row: number, random: Random, step: number, place: number) => number {
  const sorted = Array.from({ length: labels.length }, (_, row) => row).sort(
    (a, b) => (labels[a] ?? 0) - (labels[b] ?? 0) || a - b,
  );
  // where a class begins and ends among the sorted ones
  const ranges = new Map<number, { first: number; count: number }>();
  sorted.forEach((row, at) => {
    const range = ranges.get(labels[row] ?? 0);
    if (range) range.count += 1;
    else ranges.set(labels[row] ?? 0, { first: at, count: 1 });
  });
  if (ranges.size < 2) throw oalError("OAL-T136", { source });
  return (row, random, step, place) => {
    const { first, count } = ranges.get(labels[row] ?? 0) ?? { first: 0, count: 0 };
    const drawn = random.integer(step, place, sorted.length - count);
    return sorted[drawn < first ? drawn : drawn + count] ?? 0;
  };
}
