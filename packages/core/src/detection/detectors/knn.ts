/** Distance to the k-th nearest training feature. */
import { oalError } from "../../errors/index.js";
import {
  add,
  concat,
  div,
  float32Tensor,
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
import { defineDetector, type FitStream } from "../detector.js";
import { integer } from "../parameters.js";

/** Bank rows compared at once: bounds the [N, rows] matrix of distances. */
const BLOCK = 8192;

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
  parameters: {
    neighbours: integer({
      min: 1,
      default: 50,
      classShare: 0.1, // OpenOOD's K = 50 on CIFAR-100 with its 500 images a class
      search: [50, 100, 200, 500, 1000],
      description:
        "K, the rank of the neighbour whose distance counts. Default 50, OpenOOD's, or a tenth of the smallest class.",
    }),
  },
  fit: {
    on: "train",
    tensors: ["bank"],
    run: async (stream, { neighbours }) => {
      const bank = await normalizedFeatures(stream);
      const available = bank.shape[0] ?? 0;
      if (available < neighbours) {
        throw oalError("OAL-E204", {
          detector: "knn",
          parameter: "neighbours",
          value: neighbours,
          available,
        });
      }
      return { bank };
    },
  },
  score: (_graph, { features, fitted }, { neighbours }) => {
    const [available = 0, size = 0] = fitted.bank.shape;
    if (available < neighbours) {
      throw oalError("OAL-E204", { detector: "knn", parameter: "neighbours", value: neighbours, available });
    }
    const norm = maximum(sqrt(reduceSum(mul(features, features), [1], true)), 1e-30);
    const query = add(div(features, norm), 1e-10);
    const queryNorm = reduceSum(mul(query, query), [1], true);
    const nearest = (rows: Value): Value => {
      const count = rows.shape[0] ?? 0;
      const bankNorm = reshape(reduceSum(mul(rows, rows), [1]), [1, count]);
      const distance = relu(sub(add(queryNorm, bankNorm), mul(gemm(query, rows, null, { transB: true }), 2)));
      return topK(distance, Math.min(neighbours, count), { axis: 1, largest: false }).values;
    };
    const blocks: Value[] = [];
    for (let start = 0; start < available; start += BLOCK) {
      const end = Math.min(start + BLOCK, available);
      blocks.push(
        nearest(available <= BLOCK ? fitted.bank : slice(fitted.bank, [start, 0], [end, size], [0, 1])),
      );
    }
    const [only] = blocks;
    const best =
      blocks.length === 1 && only !== undefined
        ? only
        : topK(concat(blocks, 1), neighbours, { axis: 1, largest: false }).values;
    const count = features.dims[0] ?? 0;
    return neg(reshape(slice(best, [neighbours - 1], [neighbours], [1]), [count]));
  },
});

/** Rows f / ||f|| + 1e-10 of all features of a stream, float32 [M, d]. */
async function normalizedFeatures(stream: FitStream): Promise<ReturnType<typeof float32Tensor>> {
  const parts: Float32Array[] = [];
  let rows = 0;
  let size = 0;
  for await (const { features, count, featureSize } of stream) {
    const part = new Float32Array(count * featureSize);
    for (let i = 0; i < count; i++) {
      const row = features.subarray(i * featureSize, (i + 1) * featureSize);
      let squares = 0;
      for (const value of row) squares += value * value;
      const norm = squares > 0 ? Math.sqrt(squares) : 1;
      for (let j = 0; j < featureSize; j++)
        part[i * featureSize + j] = Math.fround((row[j] ?? 0) / norm) + 1e-10;
    }
    parts.push(part);
    rows += count;
    size = featureSize;
  }
  const data = new Float32Array(rows * size);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return float32Tensor([rows, size], data);
}
