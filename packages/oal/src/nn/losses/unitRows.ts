/** Rows by their lengths. */
import { add, div, expectArguments, kinds, reduceSum, sqrt, mul, type Value } from "oal-core";
import { aValue } from "../arguments.js";

/** Least length that is told from 0, so that a row of zeros stays one and has a gradient. */
const least = 1e-7;

/** Euclidean lengths of rows: float32 [N, D] to float32 [N, 1], sqrt(sum x^2 + 1e-14). */
export function rowLengths(rows: Value): Value {
  expectArguments("rowLengths", { rows: [rows, aValue] });
  return sqrt(add(reduceSum(mul(rows, rows), [rows.rank - 1], true), least * least));
}

/** Rows divided by their lengths: float32 [..., D] to the same; with `scale` by scale times their lengths. */
export function unitRows(rows: Value, scale = 1): Value {
  expectArguments("unitRows", { rows: [rows, aValue], scale: [scale, kinds.finite] });
  const lengths = rowLengths(rows);
  return div(rows, scale === 1 ? lengths : mul(lengths, scale));
}
