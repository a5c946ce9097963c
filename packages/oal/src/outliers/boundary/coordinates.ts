/**
 * The coordinates that noise around a class is drawn in. Only its inner products with the class's embeddings decide which candidates
 * are kept. With unit rows Z [N, D] in some order, Z = F Q with Q [R, D] of orthonormal rows and F [N, R] lower-triangular, standard
 * normal noise e has <e, z_j> = sum_c F_jc ε_c with ε = Q e standard normal too: the first rows of Z need the first coordinates
 * alone. What is left of e is independent of them; its length is drawn at once, its direction only for a candidate that is kept.
 */
import type { BoundarySessions } from "./products.js";

/** A class's embeddings in coordinates of their own. */
export interface Coordinates {
  /** Number of embeddings N. */
  readonly count: number;
  readonly dimension: number;
  /** F, [N, rank]. */
  readonly factor: Float32Array;
  readonly rank: number;
  /** Q and its transpose, [rank, dimension] and [dimension, rank]; null for the coordinates of the embeddings themselves. */
  readonly basis: { readonly rows: Float32Array; readonly columns: Float32Array } | null;
  /** How many coordinates the first rows need. */
  ranksOf(rows: number): number;
}

/** Residual squares below this are rounding: the row lies in the span of those before it. */
const negligible = 1e-6;

/**
 * Coordinates of unit rows [count, dimension] by the Cholesky factor of their inner products; the rows themselves where there are
 * at least as many as dimensions.
 *
 * @param products  gives the inner products of the rows, [count, count]
 * @cost count^3 / 6 multiplications here, count^2 * dimension on the engine
 */
export async function coordinatesOf(
  sessions: BoundarySessions,
  unit: Float32Array,
  dimension: number,
  products: () => Promise<Float32Array>,
): Promise<Coordinates> {
  const count = unit.length / dimension;
  if (count >= dimension)
    return { count, dimension, factor: unit, rank: dimension, basis: null, ranksOf: () => dimension };
  const { factor, pivots } = cholesky(await products(), count);
  const rank = pivots.length;
  const compact = new Float32Array(count * rank);
  for (let row = 0; row < count; row++)
    for (let c = 0; c < rank; c++) compact[row * rank + c] = factor[row * count + c] ?? 0;
  // Q = inverse(F of the pivot rows) (those rows of Z)
  const chosen = new Float32Array(dimension * rank);
  pivots.forEach((row, c) => {
    for (let d = 0; d < dimension; d++) chosen[d * rank + c] = unit[row * dimension + d] ?? 0;
  });
  const product = await sessions.products("basis", rank, dimension, rank);
  const rows = await product.compute(triangularInverse(factor, count, pivots), chosen);
  const columns = new Float32Array(rows.length);
  for (let c = 0; c < rank; c++)
    for (let d = 0; d < dimension; d++) columns[d * rank + c] = rows[c * dimension + d] ?? 0;
  return {
    count,
    dimension,
    factor: compact,
    rank,
    basis: { rows, columns },
    ranksOf: (first) => pivots.filter((row) => row < first).length,
  };
}

/** Rows that are worked on together, so that those before them come from memory once for all of these. */
const rowsAtOnce = 32;

/** Lower-triangular F with F Fᵀ = products, rows of length `count`; rows without a residual of their own get no column. */
function cholesky(products: Float32Array, count: number): { factor: Float64Array; pivots: number[] } {
  const factor = new Float64Array(count * count);
  const pivots: number[] = [];
  const eliminate = (row: number, c: number): void => {
    const [at, pivot] = [row * count, pivots[c] ?? 0];
    const other = pivot * count;
    const rest = (products[at + pivot] ?? 0) - product(factor, at, other, c);
    factor[at + c] = rest / (factor[other + c] ?? 1);
  };
  for (let first = 0; first < count; first += rowsAtOnce) {
    const end = Math.min(count, first + rowsAtOnce);
    const known = pivots.length;
    for (let c = 0; c < known; c++) for (let row = first; row < end; row++) eliminate(row, c);
    for (let row = first; row < end; row++) {
      for (let c = known; c < pivots.length; c++) eliminate(row, c);
      const at = row * count;
      const residual = (products[at + row] ?? 0) - product(factor, at, at, pivots.length);
      if (residual <= negligible) continue;
      factor[at + pivots.length] = Math.sqrt(residual);
      pivots.push(row);
    }
  }
  return { factor, pivots };
}

/** Inner product of the first `count` numbers from two places on, in four sums, so that no addition waits for the one before. */
function product(values: Float64Array, a: number, b: number, count: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    s0 += (values[a + k] ?? 0) * (values[b + k] ?? 0);
    s1 += (values[a + k + 1] ?? 0) * (values[b + k + 1] ?? 0);
    s2 += (values[a + k + 2] ?? 0) * (values[b + k + 2] ?? 0);
    s3 += (values[a + k + 3] ?? 0) * (values[b + k + 3] ?? 0);
  }
  for (; k < count; k++) s0 += (values[a + k] ?? 0) * (values[b + k] ?? 0);
  return s0 + s1 + (s2 + s3);
}

/** Inverse of the triangle that the pivot rows make, [rank, rank]. */
function triangularInverse(factor: Float64Array, count: number, pivots: readonly number[]): Float32Array {
  const rank = pivots.length;
  const inverse = new Float64Array(rank * rank);
  const place = (row: number, c: number): number => (pivots[row] ?? 0) * count + c;
  for (let first = 0; first < rank; first += rowsAtOnce) {
    const end = Math.min(rank, first + rowsAtOnce);
    for (let k = 0; k < end; k++) {
      const above = k * rank;
      if (k >= first) inverse[above + k] = 1 / (factor[place(k, k)] ?? 1);
      for (let i = Math.max(first, k + 1); i < end; i++) {
        const weight = (factor[place(i, k)] ?? 0) / (factor[place(i, i)] ?? 1);
        const at = i * rank;
        for (let j = 0; j <= k; j++)
          inverse[at + j] = (inverse[at + j] ?? 0) - weight * (inverse[above + j] ?? 0);
      }
    }
  }
  return Float32Array.from(inverse);
}
