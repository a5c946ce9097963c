/** One Gaussian per class with a shared covariance: the fit and the distances of the Mahalanobis detectors. */
import { add, gemm, mul, reduceSum, relu, reshape, sub, type Tensor, type Value } from "../graph/index.js";
import type { FitStreams } from "./fit.js";
import { project, whitening } from "./fitting/linearAlgebra.js";
import { classMeans, floats, spreadOf } from "./fitting/statistics.js";

/** Centre [1, d], whitening A [r, d] with A^T A = Σ^+, and the classes' means as A (μ_c - centre), [C, r]. */
export type ClassGaussians<T> = Readonly<Record<"centre" | "whitening" | "means", T>>;

/**
 * Class means, and the pseudo-inverse of the covariance of all features around their class's mean, divided by N.
 *
 * @throws OAL-E290 for a class without images
 */
export async function fitClassGaussians(
  detector: string,
  streams: FitStreams<"features">,
): Promise<ClassGaussians<Tensor>> {
  const sums = await classMeans(detector, streams);
  const { width } = sums;
  const means = sums.means(detector, "images");
  const total = sums.counts.reduce((sum, count) => sum + count, 0);
  const centre = Float32Array.from({ length: width }, (_, j) => {
    let sum = 0;
    for (let c = 0; c < streams.classes; c++) sum += sums.sums[c * width + j] ?? 0;
    return sum / total;
  });
  const centreOf = (label: number): Float32Array => means.subarray(label * width, (label + 1) * width);
  const spread = await spreadOf(streams, { centre: centreOf, centred: true });
  const found = await whitening(spread, streams.algebra);
  return {
    centre: floats([1, width], centre),
    whitening: floats([found.count, width], found.data),
    means: floats([streams.classes, found.count], project(found, means, centre)),
  };
}

/** Says where a covariance has not its full rank: dead or duplicate features, or fewer images than features. */
export function rankRemarks(matrix: Tensor, what: string): string[] {
  const [rank = 0, width = 0] = matrix.shape;
  if (rank >= width) return [];
  return [
    `${what} has rank ${rank} of ${width} (dead or duplicate features, or too few images), so a picture that differs in the other directions alone is not told`,
  ];
}

/** Rows [N, d] times the transposed whitening [r, d]: [N, r]. */
export function whitened(rows: Value, matrix: Value): Value {
  return gemm(rows, matrix, null, { transB: true });
}

/** (f - μ_c)^T Σ^+ (f - μ_c) for every class: [N, C]. */
export function squaredDistances(
  features: Value,
  { centre, whitening: matrix, means }: ClassGaussians<Value>,
): Value {
  const rows = whitened(sub(features, centre), matrix);
  const own = reduceSum(mul(rows, rows), [1], true);
  const classes = reshape(reduceSum(mul(means, means), [1]), [1, means.shape[0] ?? 1]);
  return relu(add(add(own, classes), mul(gemm(rows, means, null, { transB: true }), -2)));
}
