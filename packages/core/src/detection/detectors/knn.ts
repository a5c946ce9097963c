/** Distance to the k-th nearest training feature. */
import { oalError } from "../../errors/index.js";
import {
  add,
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
 * A zero feature counts as the zero vector. Squared distances come from |a|^2 + |b|^2 - 2ab, clipped at 0: they lose about 5e-7 near zero.
 *
 * @cost N · M · d for a bank of M features of d numbers, kept as float32
 * @source Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors", in OpenOOD's form (squared distance)
 */
export const knn = defineDetector({
  id: "knn",
  title: "k nearest neighbours",
  aliases: ["nearestNeighbours", "deepknn"],
  needs: ["features"],
  source: "Sun et al. 2022",
  formula: "-||f/||f|| - b_(K)||²",
  cost: "N d; N d numbers",
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
    rows: ({ taps: { features } }) => normalized(features),
    check(available, { neighbours }) {
      if (available >= neighbours) return;
      throw oalError("OAL-E204", { detector: "knn", parameter: "neighbours", value: neighbours, available });
    },
    sampled: ({ neighbours }, share) => ({ neighbours: Math.max(1, Math.round(neighbours * share)) }),
    partial(_graph, { features }, rows, { neighbours }) {
      const norm = maximum(sqrt(reduceSum(mul(features, features), [1], true)), 1e-30);
      const query = add(div(features, norm), 1e-10);
      const queryNorm = reduceSum(mul(query, query), [1], true);
      const count = rows.shape[0] ?? 0;
      const rowNorm = reshape(reduceSum(mul(rows, rows), [1]), [1, count]);
      const distance = relu(sub(add(queryNorm, rowNorm), mul(gemm(query, rows, null, { transB: true }), 2)));
      return nearest(distance, Math.min(neighbours, count));
    },
    merge: (_graph, distances, { neighbours }) => nearest(distances, Math.min(neighbours, distances.size(1))),
    score: (_graph, { features }, distances, { neighbours }) =>
      neg(reshape(slice(distances, [neighbours - 1], [neighbours], [1]), [features.dims[0] ?? 0])),
  },
});

/** The `count` smallest of each row, ascending. */
function nearest(distances: Value, count: number): Value {
  return topK(distances, count, { axis: 1, largest: false }).values;
}

/** Rows f / ||f|| + 1e-10. */
function normalized({ shape, data }: FitRows): FitRows {
  const [count = 0, size = 0] = shape;
  const rows = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const row = data.subarray(i * size, (i + 1) * size);
    let squares = 0;
    for (const value of row) squares += value * value;
    const norm = squares > 0 ? Math.sqrt(squares) : 1;
    for (let j = 0; j < size; j++) rows[i * size + j] = Math.fround((row[j] ?? 0) / norm) + 1e-10;
  }
  return { shape, data: rows };
}
