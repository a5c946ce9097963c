/** Distance to the k-th nearest training feature. */
import { oalError } from "../../errors/index.js";
import {
  add,
  concat,
  div,
  gemm,
  maximum,
  mul,
  neg,
  reduceSum,
  relu,
  reshape,
  slice,
  sqrt,
  sub,
  topK,
} from "../../graph/index.js";
import type { Value } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import type { FitRows } from "../fit.js";
import { integer } from "../parameters.js";

/**
 * k-NN: minus the squared Euclidean distance of f / ||f|| + 1e-10 to its K-th nearest training feature, exact search; in [-4, 0].
 * A zero feature counts as the zero vector. |a - b|² = |a|² - 2 (a·b - |b|²/2), clipped at 0: it loses about 5e-7 near zero. A row of the
 * bank is [b, -|b|²/2] and meets [a, 1], so that one product gives the order of the neighbours and nothing else passes over it.
 *
 * @cost N · M · d for a bank of M features of d numbers, kept as float32
 * @source Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors", in OpenOOD's form (squared distance)
 */
export const knn = defineDetector({
  id: "knn",
  title: "k nearest neighbours",
  version: 2,
  aliases: ["nearestNeighbours", "deepknn"],
  needs: ["features"],
  source: "Sun et al. 2022",
  formula: "-||f/||f|| - b_(K)||²",
  cost: "N d; N (d + 1) numbers",
  notes: [
    "OpenOOD compares squared distances and adds 1e-10 to every normalised element; the paper takes the distance, which ranks alike.",
    "pytorch-ood takes K = 1 on features that are not normalised.",
  ],
  parameters: {
    neighbours: integer({
      min: 1,
      default: 50,
      classShare: 0.1, // OpenOOD's K = 50 on CIFAR-100 with its 500 images a class
      search: [50, 100, 200, 500, 1000],
      description: "K, the rank of the neighbour whose distance counts",
      reason: "OpenOOD's 50, or a tenth of the smallest class, so that the rank stays within a class",
    }),
  },
  fitReads: [],
  bank: {
    on: "train",
    needs: ["features"],
    rows: ({ taps: { features } }) => bankRows(features),
    check(available, { neighbours }) {
      if (available >= neighbours) return;
      throw oalError("OAL-E204", { detector: "knn", parameter: "neighbours", value: neighbours, available });
    },
    sampled: ({ neighbours }, share) => ({ neighbours: Math.max(1, Math.round(neighbours * share)) }),
    partial(_graph, { features }, rows, { neighbours }) {
      const { norm, query } = normalized(features);
      const asked = concat([query, div(norm, norm)], 1);
      return nearest(gemm(asked, rows, null, { transB: true }), neighbours);
    },
    merge: (_graph, products, { neighbours }) => nearest(products, neighbours),
    score(_graph, { features }, products, { neighbours }) {
      const { query } = normalized(features);
      const own = reduceSum(mul(query, query), [1], true);
      const kth = slice(products, [neighbours - 1], [neighbours], [1]);
      return neg(reshape(relu(sub(own, mul(kth, 2))), [features.dims[0] ?? 0]));
    },
  },
});

/** f / ||f|| + 1e-10, and the norm [N, 1] it was divided by, never 0. */
function normalized(features: Value): { readonly norm: Value; readonly query: Value } {
  const norm = maximum(sqrt(reduceSum(mul(features, features), [1], true)), 1e-30);
  return { norm, query: add(div(features, norm), 1e-10) };
}

/** The `count` largest products of each row, the nearest neighbour's first; all where there are fewer. */
function nearest(products: Value, count: number): Value {
  return topK(products, Math.min(count, products.size(1)), { axis: 1 }).values;
}

/** Rows [b, -|b|² / 2] of b = f / ||f|| + 1e-10. */
function bankRows({ shape, data }: FitRows): FitRows {
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
