/** Axes, whitenings and pseudo-inverses of second moments, in float64. */
import type { Algebra, Eigen } from "./algebra.js";
import { isWorthLeading, leadingAxes } from "./leadingAxes.js";
import type { Spread } from "./statistics.js";
import { firstRows, transposed, type Table } from "./table.js";

/**
 * The principal axes of a spread: eigenvalues above n · 2.2e-16 times the largest, in descending order, and their unit vectors. What lies
 * below that is rounding (numpy's `pinv(hermitian=True)` with the cut that scikit-learn takes).
 *
 * @param most  how many are wanted; default all. A few of many are found without the others
 */
export async function principalAxes(
  { form, table, width }: Spread,
  algebra: Algebra,
  most = Infinity,
): Promise<Eigen> {
  const leading =
    form === "matrix" && isWorthLeading(width, most) ? await leadingAxes(table, most, algebra) : null;
  const whole = form === "matrix" ? table : await algebra.products(table, table);
  const { values, vectors } = leading ?? (await algebra.eigen(whole));
  const cut = width * Number.EPSILON * Math.max(0, values[0] ?? 0);
  const rank = values.findIndex((value) => !(value > cut));
  const count = Math.min(most, rank < 0 ? values.length : rank);
  const kept = { values: values.subarray(0, count), vectors: firstRows(vectors, count) };
  if (form === "matrix") return kept;
  // The axes behind the products u of rows: X^T u / sqrt(λ).
  const along = await algebra.products(kept.vectors, transposed(table));
  return { values: kept.values, vectors: scaledRows(along, kept.values) };
}

/** Every row over the square root of its value. */
function scaledRows({ count, width, data }: Table, values: Float64Array): Table {
  return { count, width, data: data.map((x, k) => x / Math.sqrt(values[Math.floor(k / width)] ?? 1)) };
}

/** A pivot below this share of the largest makes a matrix too nearly singular for its Cholesky factor to stand for the pseudo-inverse. */
const smallestPivot = 1e-9;

/**
 * A whitening A [r, n] with A^T A = the pseudo-inverse of a spread. By Cholesky where the matrix is well away from singular, as it
 * costs a tenth; else by its axes, without those that are rounding.
 */
export async function whitening(spread: Spread, algebra: Algebra): Promise<Table> {
  const quick = spread.form === "matrix" ? await algebra.inverseFactor(spread.table, smallestPivot) : null;
  if (quick) return quick;
  const { values, vectors } = await principalAxes(spread, algebra);
  return scaledRows(vectors, values);
}

/** pinv(W) b for W [C, d]: W^T (W W^T)^+ b, float64 [d]. */
export async function pseudoSolve(
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  width: number,
  algebra: Algebra,
): Promise<Float64Array> {
  const count = bias.length;
  const rows = { count, width, data: Float64Array.from(weight) };
  const squares = await algebra.products(rows, rows);
  const factor =
    (await algebra.inverseFactor(squares, smallestPivot)) ?? (await pseudoFactor(squares, width, algebra));
  // A^T (A b)
  const along = project(factor, bias, new Float64Array(count));
  const coefficients = new Float64Array(count);
  for (let k = 0; k < factor.count; k++)
    for (let a = 0; a < count; a++)
      coefficients[a] = (coefficients[a] ?? 0) + (along[k] ?? 0) * (factor.data[k * count + a] ?? 0);
  const out = new Float64Array(width);
  for (let a = 0; a < count; a++)
    for (let j = 0; j < width; j++)
      out[j] = (out[j] ?? 0) + (coefficients[a] ?? 0) * (weight[a * width + j] ?? 0);
  return out;
}

/** A [r, C] with A^T A = (W W^T)^+. */
async function pseudoFactor(squares: Table, width: number, algebra: Algebra): Promise<Table> {
  const { values, vectors } = await algebra.eigen(squares);
  const cut = Math.max(squares.count, width) * Number.EPSILON * (values[0] ?? 0);
  const rank = values.findIndex((value) => !(value > cut));
  return scaledRows(rank < 0 ? vectors : firstRows(vectors, rank), values);
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
