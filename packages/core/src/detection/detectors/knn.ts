/** Distance to the k-th nearest training feature. */
import { neg } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import {
  expectNeighbours,
  largestProducts,
  nearestProducts,
  neighbourRows,
  neighboursParameter,
  sampledNeighbours,
  squaredDistanceOf,
} from "../neighbours.js";

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
    "A feature of zeros gives NaN in OpenOOD; here it counts as the zero vector.",
    "Squared distances come from products and lose about 5e-7 near 0.",
  ],
  parameters: {
    neighbours: neighboursParameter([50, 100, 200, 500, 1000]),
  },
  fitReads: [],
  bank: {
    on: "train",
    needs: ["features"],
    rows: ({ taps: { features } }) => neighbourRows(features),
    check: (available, { neighbours }) => expectNeighbours("knn", available, neighbours),
    sampled: ({ neighbours }, share) => ({ neighbours: sampledNeighbours(neighbours, share) }),
    partial: (_graph, { features }, rows, { neighbours }) => nearestProducts(features, rows, neighbours),
    merge: (_graph, products, { neighbours }) => largestProducts(products, neighbours),
    score: (_graph, { features }, products, { neighbours }) =>
      neg(squaredDistanceOf(features, products, neighbours)),
  },
});
