/** Nearest training features: what `knn` and detectors that build on it have in common. */
import { oalError } from "../errors/index.js";
import {
  add,
  concat,
  div,
  gemm,
  maximum,
  mul,
  reduceSum,
  relu,
  reshape,
  slice,
  sqrt,
  sub,
  topK,
  type Value,
} from "../graph/index.js";
import type { FitRows } from "./fit.js";
import { integer } from "./parameters.js";

/** K of a detector of neighbours; what is searched is its own. */
export function neighboursParameter(search?: readonly number[]) {
  return integer({
    min: 1,
    default: 50,
    classShare: 0.1, // OpenOOD's K = 50 on CIFAR-100 with its 500 images a class
    ...(search ? { search } : {}),
    description: "K, the rank of the neighbour whose distance counts",
    reason: "OpenOOD's 50, or a tenth of the smallest class, so that the rank stays within a class",
  });
}

/** @throws OAL-E204 where a bank has fewer rows than K */
export function expectNeighbours(detector: string, available: number, neighbours: number): void {
  if (available >= neighbours) return;
  throw oalError("OAL-E204", { detector, parameter: "neighbours", value: neighbours, available });
}

/** K among the rows of a bank of which a share was drawn. */
export function sampledNeighbours(neighbours: number, share: number): number {
  return Math.max(1, Math.round(neighbours * share));
}

/** f / ||f|| + 1e-10, and the norm [N, 1] it was divided by, never 0. */
function normalized(features: Value): { readonly norm: Value; readonly query: Value } {
  const norm = maximum(sqrt(reduceSum(mul(features, features), [1], true)), 1e-30);
  return { norm, query: add(div(features, norm), 1e-10) };
}

/** The products of features with a block of `neighbourRows`, the K largest of each row: the nearest neighbour's first. */
export function nearestProducts(features: Value, rows: Value, neighbours: number): Value {
  const { norm, query } = normalized(features);
  const asked = concat([query, div(norm, norm)], 1);
  return largestProducts(gemm(asked, rows, null, { transB: true }), neighbours);
}

/** The `count` largest products of each row; all where there are fewer. */
export function largestProducts(products: Value, count: number): Value {
  return topK(products, Math.min(count, products.size(1)), { axis: 1 }).values;
}

/** |a - b|² of the K-th nearest b, [N], at least 0, from the K largest products. */
export function squaredDistanceOf(features: Value, products: Value, neighbours: number): Value {
  const { query } = normalized(features);
  const own = reduceSum(mul(query, query), [1], true);
  const kth = slice(products, [neighbours - 1], [neighbours], [1]);
  return reshape(relu(sub(own, mul(kth, 2))), [features.dims[0] ?? 0]);
}

/** Rows [b, -|b|² / 2] of b = f / ||f|| + 1e-10. */
export function neighbourRows({ shape, data }: FitRows): FitRows {
  const [count = 0, size = 0] = shape;
  const rows = new Float32Array(count * (size + 1));
  for (let i = 0; i < count; i++) {
    const row = data.subarray(i * size, (i + 1) * size);
    const made = rows.subarray(i * (size + 1), (i + 1) * (size + 1));
    let squares = 0;
    for (const value of row) squares += value * value;
    const norm = squares > 0 ? Math.sqrt(squares) : 1;
    let own = 0;
    for (let j = 0; j < size; j++) {
      const value = Math.fround(Math.fround((row[j] ?? 0) / norm) + 1e-10);
      made[j] = value;
      own += value * value;
    }
    made[size] = -own / 2;
  }
  return { shape: [count, size + 1], data: rows };
}
