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

/** Lower-triangular F with F Fᵀ = products, rows of length `count`; rows without a residual of their own get no column. */
function cholesky(products: Float32Array, count: number): { factor: Float64Array; pivots: number[] } {
  const factor = new Float64Array(count * count);
  const pivots: number[] = [];
  for (let row = 0; row < count; row++) {
    const at = row * count;
    for (const [c, pivot] of pivots.entries()) {
      let rest = products[at + pivot] ?? 0;
      const other = pivot * count;
      for (let k = 0; k < c; k++) rest -= (factor[at + k] ?? 0) * (factor[other + k] ?? 0);
      factor[at + c] = rest / (factor[other + c] ?? 1);
    }
    let residual = products[at + row] ?? 0;
    for (let k = 0; k < pivots.length; k++) residual -= (factor[at + k] ?? 0) ** 2;
    if (residual <= negligible) continue;
    factor[at + pivots.length] = Math.sqrt(residual);
    pivots.push(row);
  }
  return { factor, pivots };
}

/** Inverse of the triangle that the pivot rows make, [rank, rank]. */
function triangularInverse(factor: Float64Array, count: number, pivots: readonly number[]): Float32Array {
  const rank = pivots.length;
  const inverse = new Float64Array(rank * rank);
  for (let i = 0; i < rank; i++) {
    const at = (pivots[i] ?? 0) * count;
    const diagonal = factor[at + i] ?? 1;
    for (let k = 0; k < i; k++) {
      const weight = factor[at + k] ?? 0;
      for (let j = 0; j <= k; j++)
        inverse[i * rank + j] =
          (inverse[i * rank + j] ?? 0) - (weight * (inverse[k * rank + j] ?? 0)) / diagonal;
    }
    inverse[i * rank + i] = 1 / diagonal;
  }
  return Float32Array.from(inverse);
}
