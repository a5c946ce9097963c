/** The part of a feature outside the principal subspace of ID features: what `vim` and `residual` share. */
import { oalError } from "../errors/index.js";
import { float32Data, gemm, sub, type Tensor, type Value } from "../graph/index.js";
import type { FitHead, FitStreams } from "./fit.js";
import { principalAxes, project, pseudoSolve } from "./fitting/linearAlgebra.js";
import { eachImage, floats, rowOf, spreadOf } from "./fitting/statistics.js";
import type { Table } from "./fitting/table.js";
import { rowNorm } from "./shaping.js";

/** Where features are measured from, [1, d], and the principal axes, orthonormal rows [D, d]. */
export type ResidualSpace<T> = Readonly<Record<"origin" | "axes", T>>;

/**
 * The origin u = -W^+ b, where all logits are equal up to W's rank, and the D principal axes of (1/N) Σ (f - u)(f - u)^T, not centred.
 *
 * @throws OAL-E291 where D axes leave nothing of a feature
 */
export async function fitResidual(
  detector: string,
  streams: FitStreams<"features">,
  head: FitHead,
  dimensions: number,
): Promise<{ readonly tensors: ResidualSpace<Tensor>; readonly outside: (row: Float32Array) => number }> {
  const width = head.weight.shape[1] ?? 0;
  if (dimensions >= width)
    throw oalError("OAL-E291", { detector, parameter: "dimensions", value: dimensions, features: width });
  const solved = await pseudoSolve(float32Data(head.weight), float32Data(head.bias), width, streams.algebra);
  const origin = Float32Array.from(solved, (value) => -value);
  const spread = await spreadOf(streams, { centre: () => origin, centred: false });
  const { vectors: axes } = await principalAxes(spread, streams.algebra, dimensions);
  return {
    tensors: { origin: floats([1, width], origin), axes: floats([axes.count, width], axes.data) },
    outside: (row) => outsideNorm(axes, row, origin),
  };
}

/** ||(f - u) - P^T P (f - u)|| of one row, in float64. */
function outsideNorm(axes: Table, row: Float32Array, origin: Float32Array): number {
  const along = project(axes, row, origin);
  const rest = Float64Array.from(row, (value, j) => value - (origin[j] ?? 0));
  for (let k = 0; k < axes.count; k++)
    for (let j = 0; j < axes.width; j++)
      rest[j] = (rest[j] ?? 0) - (along[k] ?? 0) * (axes.data[k * axes.width + j] ?? 0);
  return Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0));
}

/** Mean of ||R (f - u)|| and of the largest logit over a stream. */
export async function meanOutside(
  streams: FitStreams<"features" | "logits">,
  outside: (row: Float32Array) => number,
): Promise<{ readonly outside: number; readonly largest: number }> {
  const sums = { outside: 0, largest: 0 };
  await eachImage(streams, ({ taps: { features, logits } }, i) => {
    sums.largest += rowOf(logits, i).reduce((found, z) => Math.max(found, z), -Infinity);
    sums.outside += outside(rowOf(features, i));
  });
  return { outside: sums.outside / streams.count, largest: sums.largest / streams.count };
}

/** ||R (f - u)||: [N]; what is left of a feature without its part along the axes, so that D axes are kept instead of d - D. */
export function residualNorm(features: Value, { origin, axes }: ResidualSpace<Value>): Value {
  const moved = sub(features, origin);
  const inside = gemm(gemm(moved, axes, null, { transB: true }), axes);
  return rowNorm(sub(moved, inside));
}
