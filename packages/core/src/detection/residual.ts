/** The part of a feature outside the principal subspace of ID features: what `vim` and `residual` share. */
import { oalError } from "../errors/index.js";
import { float32Data, gemm, sub, type Tensor, type Value } from "../graph/index.js";
import type { FitHead, FitRows, FitStreams } from "./fit.js";
import type { Algebra } from "./fitting/algebra.js";
import { principalAxes, pseudoSolve } from "./fitting/linearAlgebra.js";
import { floats, rowOf, spreadOf } from "./fitting/statistics.js";
import { transposed, type Table } from "./fitting/table.js";
import { rowNorm } from "./shaping.js";

/** Where features are measured from, [1, d], and the principal axes, orthonormal rows [D, d]. */
export type ResidualSpace<T> = Readonly<Record<"origin" | "axes", T>>;

/** What a fit found: as tensors of a graph, and in float64. */
export interface ResidualFit {
  readonly tensors: ResidualSpace<Tensor>;
  readonly origin: Float32Array;
  readonly axes: Table;
}

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
): Promise<ResidualFit> {
  const width = head.weight.shape[1] ?? 0;
  if (dimensions >= width)
    throw oalError("OAL-E291", { detector, parameter: "dimensions", value: dimensions, features: width });
  const solved = await pseudoSolve(float32Data(head.weight), float32Data(head.bias), width, streams.algebra);
  const origin = Float32Array.from(solved, (value) => -value);
  const spread = await spreadOf(streams, { centre: () => origin, centred: false });
  const { vectors: axes } = await principalAxes(spread, streams.algebra, dimensions);
  return {
    tensors: { origin: floats([1, width], origin), axes: floats([axes.count, width], axes.data) },
    origin,
    axes,
  };
}

/** Mean of ||(f - u) - P^T P (f - u)||, in float64, and of the largest logit over a stream. */
export async function meanOutside(
  streams: FitStreams<"features" | "logits">,
  found: ResidualFit,
): Promise<{ readonly outside: number; readonly largest: number }> {
  const sums = { outside: 0, largest: 0 };
  for await (const { count, taps } of streams.batches()) {
    const norms = await normsOf(taps.features, count, found, streams.algebra);
    for (let i = 0; i < count; i++) {
      sums.largest += rowOf(taps.logits, i).reduce((largest, z) => Math.max(largest, z), -Infinity);
      sums.outside += norms.outside[i] ?? 0;
    }
  }
  return { outside: sums.outside / streams.count, largest: sums.largest / streams.count };
}

/** Float32 features whose axes span all of them leave rounding outside: a share of them below this. */
export const leastOutside = 1e-5;

/**
 * Refuses a subspace that holds all of the features it was fitted on: new ones of the same kind would lie outside it, and these would not.
 *
 * @throws OAL-E292
 */
export async function expectOutside(
  detector: string,
  streams: FitStreams<"features">,
  found: ResidualFit,
): Promise<void> {
  const sums = { outside: 0, whole: 0 };
  for await (const { count, taps } of streams.batches()) {
    const norms = await normsOf(taps.features, count, found, streams.algebra);
    for (let i = 0; i < count; i++) {
      sums.outside += norms.outside[i] ?? 0;
      sums.whole += norms.whole[i] ?? 0;
    }
  }
  if (sums.outside > leastOutside * sums.whole) return;
  const { count: dimensions } = found.axes;
  throw oalError("OAL-E292", {
    detector,
    problem: `the features of the ${streams.count} images that it is fitted on lie all within their first ${dimensions} principal directions, so that nothing of them is outside; it takes more images than dimensions`,
  });
}

/** By image, ||f - u||, and the norm of what of it lies outside the axes. */
async function normsOf(
  { data }: FitRows,
  count: number,
  { origin, axes }: ResidualFit,
  algebra: Algebra,
): Promise<{ readonly whole: Float64Array; readonly outside: Float64Array }> {
  const { width } = axes;
  const moved: Table = { count, width, data: new Float64Array(count * width) };
  for (let i = 0; i < count; i++)
    for (let j = 0; j < width; j++) moved.data[i * width + j] = (data[i * width + j] ?? 0) - (origin[j] ?? 0);
  const inside = await algebra.products(await algebra.products(moved, axes), transposed(axes));
  const norms = { whole: new Float64Array(count), outside: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    let [whole, outside] = [0, 0];
    for (let k = i * width; k < (i + 1) * width; k++) {
      const own = moved.data[k] ?? 0;
      whole += own ** 2;
      outside += (own - (inside.data[k] ?? 0)) ** 2;
    }
    norms.whole[i] = Math.sqrt(whole);
    norms.outside[i] = Math.sqrt(outside);
  }
  return norms;
}

/** ||R (f - u)||: [N]; what is left of a feature without its part along the axes, so that D axes are kept instead of d - D. */
export function residualNorm(features: Value, { origin, axes }: ResidualSpace<Value>): Value {
  const moved = sub(features, origin);
  const inside = gemm(gemm(moved, axes, null, { transB: true }), axes);
  return rowNorm(sub(moved, inside));
}
