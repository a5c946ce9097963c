/** The leading eigenvectors of a large matrix without all the others: block subspace iteration, all its work in products. */
import { Random } from "../../random/index.js";
import type { Algebra, Eigen } from "./algebra.js";
import { firstRows, transposed, type Table } from "./table.js";

/** Vectors beyond those wanted that go along: the more, the sooner those wanted stand still. */
const beside = (wanted: number): number => Math.max(64, Math.ceil(wanted / 2));

/** Multiplications after which it is looked whether the vectors stand still. */
const looks: readonly number[] = [8, 16, 28, 44, 64];

/** Largest ||A v - λ v|| of a vector that stands still, as a share of the largest eigenvalue. */
const still = 1e-10;

/** σ as a share of the largest image of a unit row: values far below it are not told apart. */
const lift = 1e-5;

/** Smallest pivot of rows that can still be told apart. */
const apart = 1e-14;

/** Whether it costs less than decomposing the whole matrix. */
export function isWorthLeading(size: number, wanted: number): boolean {
  return size >= 1024 && wanted + beside(wanted) <= size / 2;
}

/**
 * The largest eigenvalues of a symmetric matrix without negative ones, in descending order, and their unit vectors. A block of rows is
 * multiplied with the matrix and made orthonormal by the Cholesky factor of its products, twice, again and again; its own axes
 * (Rayleigh and Ritz) are taken where it is looked at.
 *
 * @param wanted  how many
 * @returns null where they do not stand still in time, as with many values nearly equal at the edge: the whole matrix tells then
 * @source Saad 2011, "Numerical Methods for Large Eigenvalue Problems", algorithm 5.3
 */
export async function leadingAxes(matrix: Table, wanted: number, algebra: Algebra): Promise<Eigen | null> {
  const size = matrix.count;
  const rows = Math.min(size, wanted + beside(wanted));
  const start = Float64Array.from(new Random(0, "detection/leadingAxes").normals(0, rows * size));
  let block: Table | null = await orthonormal({ count: rows, width: size, data: start }, algebra);
  let done = 0;
  for (const look of looks) {
    for (; block && done < look; done++)
      block = await orthonormal(await multiplied(block, matrix, algebra), algebra);
    if (!block) return null;
    const image = await algebra.products(block, matrix);
    const { values, vectors } = await algebra.eigen(symmetric(await algebra.products(image, block)));
    block = await algebra.products(vectors, transposed(block));
    const turned = await algebra.products(vectors, transposed(image));
    if (isStill(block, turned, values, wanted))
      return { values: values.slice(0, wanted), vectors: firstRows(block, wanted) };
  }
  return null;
}

/**
 * Rows times A + σ 1, which has A's vectors: small values are lifted, so that the rows of a matrix whose values span many powers of ten
 * stay apart.
 */
async function multiplied(rows: Table, matrix: Table, algebra: Algebra): Promise<Table> {
  const image = await algebra.products(rows, matrix);
  let largest = 0;
  for (let i = 0; i < image.count; i++) largest = Math.max(largest, normOf(image, i));
  const { width, count } = image;
  return { count, width, data: image.data.map((x, k) => x + lift * largest * (rows.data[k] ?? 0)) };
}

function normOf({ width, data }: Table, i: number): number {
  return Math.sqrt(data.subarray(i * width, (i + 1) * width).reduce((sum, x) => sum + x * x, 0));
}

/** Orthonormal rows that span the same; null where some cannot be told apart. */
async function orthonormal(rows: Table, algebra: Algebra): Promise<Table | null> {
  let made = rows;
  for (let time = 0; time < 2; time++) {
    const scaled = unitRows(made);
    const factor = await algebra.inverseFactor(await algebra.products(scaled, scaled), apart);
    if (!factor) return null;
    made = await algebra.products(factor, transposed(scaled));
  }
  return made;
}

function unitRows({ count, width, data }: Table): Table {
  const out = data.slice();
  for (let i = 0; i < count; i++) {
    const norm = normOf({ count, width, data }, i);
    for (let j = i * width; j < (i + 1) * width; j++) out[j] = (out[j] ?? 0) / norm;
  }
  return { count, width, data: out };
}

/** Without the rounding that makes a product's two halves differ. */
function symmetric({ count, data }: Table): Table {
  const out = data.slice();
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      const mean = ((data[i * count + j] ?? 0) + (data[j * count + i] ?? 0)) / 2;
      out[i * count + j] = mean;
      out[j * count + i] = mean;
    }
  return { count, width: count, data: out };
}

function isStill(vectors: Table, images: Table, values: Float64Array, wanted: number): boolean {
  const { width } = vectors;
  const most = still * (values[0] ?? 0);
  for (let k = 0; k < wanted; k++) {
    let squares = 0;
    for (let j = k * width; j < (k + 1) * width; j++)
      squares += ((images.data[j] ?? 0) - (values[k] ?? 0) * (vectors.data[j] ?? 0)) ** 2;
    if (!(Math.sqrt(squares) <= most)) return false;
  }
  return true;
}
