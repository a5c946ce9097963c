/** The density at the nearest neighbours times that of the largest and smallest activations. */
import { oalError } from "../../errors/index.js";
import {
  abs,
  add,
  concat,
  div,
  exp,
  gemm,
  greaterOrEqual,
  log,
  maximum,
  mul,
  neg,
  reduceMax,
  reduceSum,
  reshape,
  sub,
  where,
  type Tensor,
  type Value,
} from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import type { FitStreams } from "../fit.js";
import { fitPower, yeoJohnson } from "../fitting/power.js";
import { collect, floats } from "../fitting/statistics.js";
import {
  expectNeighbours,
  largestProducts,
  nearestProducts,
  neighbourRows,
  neighboursParameter,
  sampledNeighbours,
  squaredDistanceOf,
} from "../neighbours.js";

/** What the fit keeps: columns are standardised, transformed by a power each, standardised again and whitened. */
const kept = ["centre", "spread", "power", "middle", "scale", "whitening"] as const;
type Kept<T> = Readonly<Record<(typeof kept)[number], T>>;

/** The largest value and minus the smallest one of every map and of the class scores, [N, 2 (maps + 1)]. */
function extremes(maps: ReadonlyMap<string, Value>, logits: Value): Value {
  const [count = 0] = logits.dims;
  const ends = (value: Value, axes: readonly number[]): Value[] =>
    [value, neg(value)].map((side) => reshape(reduceMax(side, axes), [count, 1]));
  return concat([...[...maps.values()].flatMap((map) => ends(map, [1, 2, 3])), ...ends(logits, [1])], 1);
}

/** Mean and deviation (ddof 0) of a column; a column of one value has deviation 1, as scikit-learn scales it. */
function momentsOf(column: Float64Array): { readonly mean: number; readonly deviation: number } {
  const n = Math.max(1, column.length);
  const mean = column.reduce((sum, x) => sum + x, 0) / n;
  const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  return { mean, deviation: variance > 0 ? Math.sqrt(variance) : 1 };
}

async function fitExtremes(streams: FitStreams<"measured">, ridge: number): Promise<Kept<Tensor>> {
  const { width, data } = await collect(streams, "measured");
  const n = data.length / Math.max(1, width);
  const columns = Array.from({ length: width }, (_, j) =>
    Float64Array.from({ length: n }, (_value, i) => data[i * width + j] ?? 0),
  );
  const first = columns.map(momentsOf);
  const scaled = columns.map((column, j) => {
    const { mean, deviation } = first[j] ?? { mean: 0, deviation: 1 };
    return column.map((x) => (x - mean) / deviation);
  });
  const powers = scaled.map(fitPower);
  const moved = scaled.map((column, j) => column.map((x) => yeoJohnson(x, powers[j] ?? 1)));
  const second = moved.map(momentsOf);
  const rows = new Float64Array(n * width);
  moved.forEach((column, j) => {
    const { mean, deviation } = second[j] ?? { mean: 0, deviation: 1 };
    column.forEach((y, i) => (rows[i * width + j] = (y - mean) / deviation));
  });
  const covariance = await streams.algebra.moments({ count: n, width, data: rows });
  covariance.data.forEach((sum, k) => {
    covariance.data[k] = sum / Math.max(1, n - 1) + (k % (width + 1) === 0 ? ridge : 0);
  });
  // with the ridge no pivot of finite numbers is 0
  const whitening = data.every(Number.isFinite) ? await streams.algebra.inverseFactor(covariance, 0) : null;
  if (!whitening)
    throw oalError("OAL-E292", {
      detector: "combood",
      problem: "a largest or smallest activation of a training image is not finite",
    });
  const row = (values: readonly number[]): Tensor => floats([1, width], values);
  return {
    centre: row(first.map(({ mean }) => mean)),
    spread: row(first.map(({ deviation }) => deviation)),
    power: row(powers),
    middle: row(second.map(({ mean }) => mean)),
    scale: row(second.map(({ deviation }) => deviation)),
    whitening: floats([width, width], whitening.data),
  };
}

/** The squared Mahalanobis distance of extremes from their mean, [N]. */
function squaredMahalanobis(
  values: Value,
  { centre, spread, power, middle, scale, whitening }: Kept<Value>,
): Value {
  const x = div(sub(values, centre), spread);
  const isAbove = greaterOrEqual(x, 0);
  const exponent = where(isAbove, power, sub(2, power));
  const size = div(sub(exp(mul(exponent, log(add(abs(x), 1)))), 1), exponent);
  const y = div(sub(where(isAbove, size, neg(size)), middle), scale);
  const white = gemm(y, whitening, null, { transB: true });
  return reduceSum(mul(white, white), [1]);
}

/**
 * CombOOD: -√d log D - m², D the squared distance of f / ||f|| to its K-th nearest training feature as in `knn`, and m the Mahalanobis
 * distance, from the mean of the training images, of the largest and smallest activation of every map and of the class scores, each
 * standardised and made Gaussian by a power. The covariance has a ridge.
 *
 * @cost as knn, and a pass over the maps; N (d + 1) numbers
 * @source Rajasekaran et al. 2024, "COMBOOD: A Semiparametric Approach for Detecting Out-of-distribution Data for Image Classification",
 *   with the combination that the authors' code prints (square root of the dimension)
 */
export const combood = defineDetector({
  id: "combood",
  title: "Neighbours and extreme activations",
  version: 2,
  aliases: ["combOOD"],
  needs: ["maps", "features", "logits"],
  source: "Rajasekaran et al. 2024; not in OpenOOD",
  formula: "-√d log D_(K) - m²",
  cost: "N d, and a pass over all maps; N (d + 1) numbers",
  notes: [
    "Written after the paper's abstract and the authors' published code; there is no reference value to compare with, so that results are ours.",
    "The board's near rows of ImageNet-1K and ImageNet-200 are disputed: recomputed on the near sets of OpenOOD v1.5 they are 13 to 22 points lower (OpenOOD issue 307); the authors' lists name near sets of v1.0.",
    "The authors take the extremes of the input of every ReLU; here those of the maps that the model shows: of oal's networks what each stage gives, whose smallest value is 0 behind a ReLU and tells nothing.",
    "A picture that is a training picture with K copies has D = 0; here D is at least 1e-12.",
    "Not in pytorch-ood.",
  ],
  parameters: {
    neighbours: neighboursParameter(),
  },
  fitReads: [],
  fit: {
    on: "train",
    needs: ["measured"],
    measure: (_graph, { maps, logits }) => extremes(maps, logits),
    tensors: kept,
    run: (streams) => fitExtremes(streams, 1),
  },
  bank: {
    on: "train",
    needs: ["features"],
    rows: ({ taps: { features } }) => neighbourRows(features),
    check: (available, { neighbours }) => expectNeighbours("combood", available, neighbours),
    sampled: ({ neighbours }, share) => ({ neighbours: sampledNeighbours(neighbours, share) }),
    partial: (_graph, { features }, rows, { neighbours }) => nearestProducts(features, rows, neighbours),
    merge: (_graph, products, { neighbours }) => largestProducts(products, neighbours),
    score(_graph, { features, maps, logits, fitted }, products, { neighbours }) {
      const distance = maximum(squaredDistanceOf(features, products, neighbours), 1e-12);
      const density = mul(log(distance), -Math.sqrt(features.size(1)));
      return sub(density, squaredMahalanobis(extremes(maps, logits), fitted));
    },
  },
});
