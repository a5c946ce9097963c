/** Decompositions of symmetric matrices in float64, by ml-matrix; loaded when a fit needs one. */
import type { Spread, Table } from "./statistics.js";

/** Eigenvalues in descending order and their vectors. */
export interface Eigen {
  /** [k] */
  readonly values: Float64Array;
  /** float64 [k, n]: row i is the unit vector of value i. */
  readonly vectors: Table;
}

/** The eigenvalues of a symmetric matrix, largest first, and their unit vectors. */
export async function symmetricEigen({ count, data }: Table): Promise<Eigen> {
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
}

/**
 * The principal axes of a spread: eigenvalues above n · 2.2e-16 times the largest, in descending order, and their unit vectors. What lies
 * below that is rounding (numpy's `pinv(hermitian=True)` with the cut that scikit-learn takes).
 */
export async function principalAxes({ form, table, width }: Spread): Promise<Eigen> {
  const { values, vectors } = await symmetricEigen(form === "matrix" ? table : products(table));
  const cut = width * Number.EPSILON * Math.max(0, values[0] ?? 0);
  const rank = values.findIndex((value) => !(value > cut));
  const count = rank < 0 ? values.length : rank;
  if (form === "matrix") {
    const data = vectors.data.subarray(0, count * width);
    return { values: values.subarray(0, count), vectors: { count, width, data } };
  }
  // The axes behind the products u of rows: X^T u / sqrt(λ).
  const data = new Float64Array(count * width);
  for (let k = 0; k < count; k++) {
    const scale = 1 / Math.sqrt(values[k] ?? 1);
    for (let i = 0; i < table.count; i++) {
      const factor = scale * (vectors.data[k * table.count + i] ?? 0);
      for (let j = 0; j < width; j++)
        data[k * width + j] = (data[k * width + j] ?? 0) + factor * (table.data[i * width + j] ?? 0);
    }
  }
  return { values: values.subarray(0, count), vectors: { count, width, data } };
}

/** X X^T of rows X. */
function products({ count, width, data }: Table): Table {
  const out = new Float64Array(count * count);
  for (let a = 0; a < count; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += (data[a * width + j] ?? 0) * (data[b * width + j] ?? 0);
      out[a * count + b] = sum;
      out[b * count + a] = sum;
    }
  return { count, width: count, data: out };
}

/** A pivot below this share of the largest makes a matrix too nearly singular for its Cholesky factor to stand for the pseudo-inverse. */
const smallestPivot = 1e-9;

/**
 * A whitening A [r, n] with A^T A = the pseudo-inverse of a spread. By Cholesky where the matrix is well away from singular, as it
 * costs a tenth; else by its axes, without those that are rounding.
 */
export async function whitening(spread: Spread): Promise<Table> {
  const quick = spread.form === "matrix" ? await choleskyWhitening(spread.table) : null;
  if (quick) return quick;
  const { values, vectors } = await principalAxes(spread);
  const { width } = vectors;
  return { ...vectors, data: vectors.data.map((x, k) => x / Math.sqrt(values[Math.floor(k / width)] ?? 1)) };
}

/** The inverse of the Cholesky factor: S = L L^T, S^-1 = L^-T L^-1. Null where S is not safely positive definite. */
async function choleskyWhitening({ count, width, data }: Table): Promise<Table | null> {
  const { CholeskyDecomposition, Matrix } = await import("ml-matrix");
  const found = new CholeskyDecomposition(Matrix.from1DArray(count, count, data));
  if (!found.isPositiveDefinite()) return null;
  const factor = Float64Array.from(found.lowerTriangularMatrix.to1DArray());
  const pivots = Array.from({ length: count }, (_, k) => (factor[k * width + k] ?? 0) ** 2);
  if (!(Math.min(...pivots) > smallestPivot * Math.max(...pivots))) return null;
  // Column by column of L^-1 by forward substitution, kept by rows.
  const inverse = new Float64Array(count * width);
  for (let row = 0; row < count; row++) {
    const pivot = factor[row * width + row] ?? 1;
    inverse[row * width + row] = 1 / pivot;
    for (let k = 0; k < row; k++) {
      const weight = (factor[row * width + k] ?? 0) / pivot;
      if (weight === 0) continue;
      for (let j = 0; j <= k; j++)
        inverse[row * width + j] = (inverse[row * width + j] ?? 0) - weight * (inverse[k * width + j] ?? 0);
    }
  }
  return { count, width, data: inverse };
}

/** pinv(W) b for W [C, d] by the eigenvectors of W W^T: W^T (W W^T)^+ b, float64 [d]. */
export async function pseudoSolve(
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  width: number,
): Promise<Float64Array> {
  const count = bias.length;
  const rows = { count, width, data: Float64Array.from(weight) };
  const { values, vectors } = await symmetricEigen(products(rows));
  const cut = Math.max(count, width) * Number.EPSILON * (values[0] ?? 0);
  const coefficients = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const value = values[k] ?? 0;
    if (value <= cut) continue;
    let along = 0;
    for (let a = 0; a < count; a++) along += (vectors.data[k * count + a] ?? 0) * (bias[a] ?? 0);
    for (let a = 0; a < count; a++)
      coefficients[a] = (coefficients[a] ?? 0) + (along / value) * (vectors.data[k * count + a] ?? 0);
  }
  const out = new Float64Array(width);
  for (let a = 0; a < count; a++)
    for (let j = 0; j < width; j++)
      out[j] = (out[j] ?? 0) + (coefficients[a] ?? 0) * (weight[a * width + j] ?? 0);
  return out;
}

/** The product of a matrix with every row of a table: [rows of the table, rows of the matrix], minus an offset first. */
export function project(matrix: Table, rows: ArrayLike<number>, offset: ArrayLike<number>): Float64Array {
  const { count, width, data } = matrix;
  const many = rows.length / width;
  const out = new Float64Array(many * count);
  for (let i = 0; i < many; i++)
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0; j < width; j++)
        sum += (data[k * width + j] ?? 0) * ((rows[i * width + j] ?? 0) - (offset[j] ?? 0));
      out[i * count + k] = sum;
    }
  return out;
}
