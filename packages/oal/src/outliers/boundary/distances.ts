/**
 * K-th neighbour distances of unit vectors without forming the candidates (METHOD 3.4), and their summaries.
 *
 * With unit bank rows z_j, an anchor b and noise rows e_s:  v_s = (b + σ e_s) / ν_s,  ν_s² = |b|² + 2σ<b, e_s> + σ²|e_s|²,
 * <v_s, z_j> = (<b, z_j> + σ <e_s, z_j>) / ν_s,  and the K-th smallest squared distance is 2 - 2 (K-th largest)/ν_s.
 */
import { kthLargest } from "./selection.js";

/** Rows of a [count, dimension] matrix divided by their norms; also the norms. Zero rows stay zero. */
export function normaliseRows(
  rows: Float32Array,
  dimension: number,
): { unit: Float32Array; norms: Float64Array } {
  const count = rows.length / dimension;
  const unit = new Float32Array(rows.length);
  const norms = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += (rows[row * dimension + d] ?? 0) ** 2;
    const norm = Math.sqrt(sum);
    norms[row] = norm;
    const scale = norm > 0 ? 1 / norm : 0;
    for (let d = 0; d < dimension; d++) unit[row * dimension + d] = (rows[row * dimension + d] ?? 0) * scale;
  }
  return { unit, norms };
}

/**
 * K-th smallest squared distance of bank rows to the bank.
 *
 * @param products  [rows, stride] inner products of unit rows with the bank
 * @param selfCounted  whether the row itself is rank 1 (published) or left out (intended)
 * @param rows  how many rows. Default: all of the bank
 * @param first  which row of the bank they begin with
 */
export function bankDistances(
  products: Float32Array,
  count: number,
  stride: number,
  k: number,
  selfCounted: boolean,
  rows = count,
  first = 0,
): Float32Array {
  const distances = new Float32Array(rows);
  const scratch = new Float32Array(count);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < count; j++) scratch[j] = products[row * stride + j] ?? 0;
    if (!selfCounted) scratch[first + row] = -Infinity;
    distances[row] = Math.max(0, 2 - 2 * kthLargest(scratch, count, k));
  }
  return distances;
}

/** One anchor with its noise: everything its candidates' distances depend on. */
export interface CandidateSet {
  /** Inner products of the anchor as given with the bank, [count]. */
  readonly anchorProducts: Float32Array;
  /** Inner products of the noise rows with the bank, [noiseCount, stride]. */
  readonly noiseProducts: Float32Array;
  /** Noise rows, [noiseCount, dimension]. */
  readonly noise: Float32Array;
  /** Index of the anchor in the bank, and its norm as given. */
  readonly anchor: number;
  readonly anchorNorm: number;
  readonly count: number;
  readonly stride: number;
  readonly noiseCount: number;
  readonly dimension: number;
  readonly sigma: number;
  readonly k: number;
}

/** K-th smallest squared distance of each candidate of one anchor, float32 [noiseCount]. */
export function candidateDistances(set: CandidateSet): Float32Array {
  const { noiseProducts, anchorProducts, noise, count, stride, dimension, sigma, k } = set;
  const distances = new Float32Array(set.noiseCount);
  const scratch = new Float32Array(count);
  for (let s = 0; s < set.noiseCount; s++) {
    let square = 0;
    for (let i = s * dimension; i < (s + 1) * dimension; i++) square += (noise[i] ?? 0) ** 2;
    const offset = s * stride;
    for (let j = 0; j < count; j++)
      scratch[j] = (anchorProducts[j] ?? 0) + sigma * (noiseProducts[offset + j] ?? 0);
    const along = (noiseProducts[offset + set.anchor] ?? 0) * set.anchorNorm;
    const norm = Math.sqrt(set.anchorNorm ** 2 + 2 * sigma * along + sigma ** 2 * square);
    distances[s] = 2 - (2 * kthLargest(scratch, count, k)) / norm;
  }
  return distances;
}

/** Writes the unit candidate of (anchor row, noise row) to `out` at `at`. */
export function formCandidate(
  anchorRow: Float32Array,
  noiseRow: Float32Array,
  sigma: number,
  out: Float32Array,
  at: number,
): void {
  const dimension = anchorRow.length;
  let square = 0;
  for (let d = 0; d < dimension; d++) square += ((anchorRow[d] ?? 0) + sigma * (noiseRow[d] ?? 0)) ** 2;
  const scale = 1 / Math.sqrt(square);
  for (let d = 0; d < dimension; d++)
    out[at + d] = ((anchorRow[d] ?? 0) + sigma * (noiseRow[d] ?? 0)) * scale;
}
