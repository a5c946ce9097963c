/**
 * What fits need of large matrices, in float64. It is handed in: this module does it in the thread that asks, as a browser must; the Node
 * package decomposes in a thread of its own and multiplies on its engine.
 */
import type { Table } from "./table.js";

/** Eigenvalues in descending order and their vectors. */
export interface Eigen {
  /** [k] */
  readonly values: Float64Array;
  /** float64 [k, n]: row i is the unit vector of value i. */
  readonly vectors: Table;
}

/** Decompositions and products of matrices. */
export interface Algebra {
  /** The eigenvalues of a symmetric matrix [n, n], largest first, and their unit vectors. */
  eigen(matrix: Table): Promise<Eigen>;
  /**
   * The inverse of the Cholesky factor, A [n, n]: S = L L^T, A = L^-1, A^T A = S^-1.
   *
   * @param smallestPivot  as a share of the largest
   * @returns null where a pivot is smaller: S is too nearly singular for its inverse to mean anything
   */
  inverseFactor(matrix: Table, smallestPivot: number): Promise<Table | null>;
  /** R^T R of rows R [n, k]: [k, k], the sum of the products of every row with itself. */
  moments(rows: Table): Promise<Table>;
  /** L R^T of rows L [n, k] and R [m, k]: [n, m]. */
  products(left: Table, right: Table): Promise<Table>;
}

/** Rows whose numbers stay in the cache while all columns are gone through. */
const cachedRows = 32;

/** In the thread that asks, by ml-matrix, which is loaded when a fit needs it. */
export const algebraHere: Algebra = {
  async eigen({ count, data }) {
    const { EigenvalueDecomposition, Matrix } = await import("ml-matrix");
    const matrix = Matrix.from1DArray(count, count, data);
    const found = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
    const { realEigenvalues, eigenvectorMatrix } = found;
    const order = realEigenvalues
      .map((_, k) => k)
      .sort((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
    const vectors = new Float64Array(count * count);
    order.forEach((column, row) => {
      for (let j = 0; j < count; j++) vectors[row * count + j] = eigenvectorMatrix.get(j, column);
    });
    return {
      values: Float64Array.from(order, (k) => realEigenvalues[k] ?? 0),
      vectors: { count, width: count, data: vectors },
    };
  },

  async inverseFactor({ count, data }, smallestPivot) {
    const { CholeskyDecomposition, Matrix } = await import("ml-matrix");
    const found = new CholeskyDecomposition(Matrix.from1DArray(count, count, data));
    if (!found.isPositiveDefinite()) return null;
    const factor = Float64Array.from(found.lowerTriangularMatrix.to1DArray());
    const pivots = Array.from({ length: count }, (_, k) => (factor[k * count + k] ?? 0) ** 2);
    if (!(Math.min(...pivots) > smallestPivot * Math.max(...pivots))) return null;
    // Column by column of L^-1 by forward substitution, kept by rows.
    const inverse = new Float64Array(count * count);
    for (let row = 0; row < count; row++) {
      const pivot = factor[row * count + row] ?? 1;
      inverse[row * count + row] = 1 / pivot;
      for (let k = 0; k < row; k++) {
        const weight = (factor[row * count + k] ?? 0) / pivot;
        if (weight === 0) continue;
        for (let j = 0; j <= k; j++)
          inverse[row * count + j] = (inverse[row * count + j] ?? 0) - weight * (inverse[k * count + j] ?? 0);
      }
    }
    return { count, width: count, data: inverse };
  },

  moments: (rows) => Promise.resolve(momentsHere(rows)),

  products: (left, right) => Promise.resolve(productsHere(left, right)),
};

function productsHere(left: Table, right: Table): Table {
  const { width } = left;
  const out = new Float64Array(left.count * right.count);
  const same = left === right;
  for (let a = 0; a < left.count; a++)
    for (let b = 0; b < (same ? a + 1 : right.count); b++) {
      let sum = 0;
      for (let j = 0; j < width; j++)
        sum += (left.data[a * width + j] ?? 0) * (right.data[b * width + j] ?? 0);
      out[a * right.count + b] = sum;
      if (same) out[b * right.count + a] = sum;
    }
  return { count: left.count, width: right.count, data: out };
}

/** Row by row within a column's part of the sum, so that what is written stays in the processor's cache. */
function momentsHere({ count, width, data }: Table): Table {
  const sums = new Float64Array(width * width);
  for (let first = 0; first < count; first += cachedRows)
    for (let j = 0; j < width; j++)
      for (let i = first; i < Math.min(count, first + cachedRows); i++) {
        const factor = data[i * width + j] ?? 0;
        if (factor === 0) continue;
        for (let k = 0; k <= j; k++)
          sums[j * width + k] = (sums[j * width + k] ?? 0) + factor * (data[i * width + k] ?? 0);
      }
  for (let j = 0; j < width; j++) for (let k = 0; k < j; k++) sums[k * width + j] = sums[j * width + k] ?? 0;
  return { count: width, width, data: sums };
}
