/**
 * Order statistics for boundary sampling: the K-th largest of many short rows, and the best few of a row.
 * Separate because both must be exact, linear in time and settle ties by the lower index.
 */
import type { CandidateRange } from "./search.js";

/**
 * The k-th largest of the first `count` entries (k = 1 is the maximum). Reorders `values`.
 *
 * @param values  scratch, finite numbers
 * @param count  how many entries count
 * @param k  1..count
 * @cost linear on average (Hoare's quickselect, median of three)
 */
export function kthLargest(values: Float32Array, count: number, k: number): number {
  const target = k - 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low] ?? 0, values[(low + high) >> 1] ?? 0, values[high] ?? 0);
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] ?? 0) > pivot) left++;
      while ((values[right] ?? 0) < pivot) right--;
      if (left > right) break;
      const swapped = values[left] ?? 0;
      values[left++] = values[right] ?? 0;
      values[right--] = swapped;
    }
    if (target <= right) high = right;
    else if (target >= left) low = left;
    else break;
  }
  return values[target] ?? 0;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/**
 * All indices of `values`, best first: descending (or ascending), ties by the lower index.
 *
 * @param values  finite numbers
 * @param smallest  ascending order. Default false
 */
export function rankedIndices(values: Float32Array, smallest = false): number[] {
  const sign = smallest ? 1 : -1;
  const order = Array.from(values, (_, index) => index);
  return order.sort((a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0)) || a - b);
}

/**
 * Which candidates of several anchors are kept: per anchor, among its own candidates, the best `keep`.
 *
 * @param distances  K-th distances, [anchors, candidates]
 * @param smallest  keep the nearest instead of the farthest
 * @returns flat indices (anchor * candidates + candidate), anchor-major, best first
 */
export function bestOfEach(
  distances: Float32Array,
  anchors: number,
  keep: number,
  smallest = false,
): number[] {
  const candidates = distances.length / anchors;
  return Array.from({ length: anchors }, (_, p) =>
    rankedIndices(distances.subarray(p * candidates, (p + 1) * candidates), smallest)
      .slice(0, keep)
      .map((s) => p * candidates + s),
  ).flat();
}

/**
 * The published selection (METHOD 3.2 and 9, row 1): the distances lie as [anchors, candidates] and are read as [candidates, anchors].
 * The best rows r of column i name candidate r of anchor i, whose own distance was not looked at. With one to keep and several
 * anchors an axis is lost as well: the rows themselves are taken, which are all candidates of the first anchor.
 *
 * @param best  the positions of the best `keep` of a column, best first
 * @returns as in {@link bestOfEach}
 */
export function misreadOrder(
  anchors: number,
  candidates: number,
  keep: number,
  best: (column: CandidateRange) => readonly number[],
): number[] {
  const losesAxis = keep === 1 && anchors > 1;
  return Array.from({ length: anchors }, (_, i) =>
    best({ first: i, step: anchors, count: candidates }).map((r) => (losesAxis ? r : i * candidates + r)),
  ).flat();
}

/** {@link misreadOrder} of distances that are all known. Arguments and result as in {@link bestOfEach}. */
export function misreadOfEach(
  distances: Float32Array,
  anchors: number,
  keep: number,
  smallest = false,
): number[] {
  return misreadOrder(anchors, distances.length / anchors, keep, ({ first, step, count }) =>
    rankedIndices(
      Float32Array.from({ length: count }, (_, r) => distances[first + r * step] ?? 0),
      smallest,
    ).slice(0, keep),
  );
}

/** How candidates are selected: as intended, or as the published code does (METHOD 9, row 1). */
export const selections = { farthest: bestOfEach, misread: misreadOfEach } as const;

/** One of them. */
export type CandidateSelection = keyof typeof selections;
