/** Eigenvalues and eigenvectors of a small symmetric matrix by cyclic Jacobi rotations, in double precision. */
import { oalError } from "oal-core";

/** Eigenvalues, falling, and one unit eigenvector per row. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  /** Row-major [n, n]; row i belongs to value i. */
  readonly vectors: Float64Array;
}

/**
 * Diagonalises a symmetric matrix.
 *
 * @param matrix row-major [n, n]; only its symmetry is relied on, not its definiteness
 * @param n number of rows; cost is about 10 n^3, meant for n up to a hundred
 * @throws OAL-X101 when it does not converge (a NaN in the matrix)
 * @source Golub and Van Loan, Matrix Computations, algorithm 8.5.2
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const at = (m: Float64Array, i: number, j: number): number => m[i * n + j] ?? 0;
  const total = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; ; sweep++) {
    let offDiagonal = 0;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) offDiagonal += at(a, i, j) ** 2;
    if (offDiagonal <= 1e-30 * total) break;
    if (sweep === 60 || Number.isNaN(offDiagonal))
      throw oalError("OAL-X101", { problem: "the Jacobi rotations do not converge" });
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) if (at(a, p, q) !== 0) rotate(p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(a, j, j) - at(a, i, i));
  const vectors = new Float64Array(n * n);
  order.forEach((column, row) => {
    for (let i = 0; i < n; i++) vectors[row * n + i] = at(v, i, column);
  });
  return { values: Float64Array.from(order, (i) => at(a, i, i)), vectors };

  function rotate(p: number, q: number): void {
    const theta = (at(a, q, q) - at(a, p, p)) / (2 * at(a, p, q));
    const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    const cosine = 1 / Math.sqrt(t * t + 1);
    const sine = t * cosine;
    const turn = (m: Float64Array, first: number, second: number): void => {
      const x = m[first] ?? 0;
      const y = m[second] ?? 0;
      m[first] = cosine * x - sine * y;
      m[second] = sine * x + cosine * y;
    };
    for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q);
    for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k);
    for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q);
  }
}
