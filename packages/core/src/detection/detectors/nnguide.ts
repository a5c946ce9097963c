/** Energy guided by the likeness to training features. */
import { oalError } from "../../errors/index.js";
import { add, div, gemm, maximum, mul, reduceMean, topK, type Value } from "../../graph/index.js";
import { Random } from "../../random/index.js";
import { defineDetector } from "../detector.js";
import type { FitRows } from "../fit.js";
import { logSumExpRow, rowOf } from "../fitting/statistics.js";
import { choice, integer, real } from "../parameters.js";
import { energyOf, rowNorm } from "../shaping.js";

/**
 * NNGuide: E(z) times the mean of the K largest inner products of f^ with the bank's rows f^_i E(z_i), where f^ = f / ||f|| + 1e-10 and
 * E = log Σ exp. The bank is a share of the training images: whole batches in the order of the list until they exceed the share, as
 * in OpenOOD, or as many images spread over all of it.
 *
 * @cost share · N d per image, as many numbers
 * @source Park et al. 2023, "Nearest Neighbor Guidance for Out-of-Distribution Detection"
 */
export const nnguide = defineDetector({
  id: "nnguide",
  title: "Nearest-neighbour guidance",
  version: 2,
  aliases: ["nearestNeighbourGuidance"],
  needs: ["features", "logits"],
  source: "Park et al. 2023",
  formula: "E(z) · mean_K largest f̂ · f̂_i E(z_i)",
  cost: "share · N d; as many numbers",
  notes: [
    "OpenOOD keeps the first batches of the list (order: published), the authors a random share of the images; order: spread keeps as many images spread over the list.",
    "A list or folder that is sorted by class, as CIFAR-10's list is, has one class alone in its first batches: order: spread has all of them.",
    "With fewer rows than K OpenOOD averages fill values; here it is an error.",
    "pytorch-ood keeps all training pictures and averages the 10 nearest by cosine, in which the energies of the rows cancel; an earlier version took products of features that are not normalised.",
  ],
  parameters: {
    neighbours: integer({
      min: 1,
      default: 100,
      setShare: 0.1,
      description: "K, how many of the largest products are averaged",
      reason: "OpenOOD's, or a tenth of fewer than 1,000 training images, of which a batch is kept",
    }),
    share: real({
      above: 0,
      max: 1,
      default: 0.01,
      description: "α, the share of the training images that is kept",
      reason: "the paper's choice for ImageNet, and OpenOOD's",
    }),
    order: choice({
      options: ["published", "spread"],
      default: "published",
      description:
        "which images are kept: the first batches of the list (published), or as many spread over all of it",
      reason: "OpenOOD's, so that its tables can be compared; for a set sorted by class take spread",
    }),
    batch: integer({
      min: 1,
      default: 200,
      description: "images of a batch, of which whole ones are kept",
      reason: "OpenOOD's loader",
    }),
    seed: integer({
      min: 0,
      default: 0,
      description: "seed of where the spread begins",
      reason: "any seed will do",
    }),
  },
  bank: {
    on: "train",
    needs: ["features", "logits"],
    rows({ taps: { features, logits }, count, start, total }, parameters) {
      const kept = keptImages(total, parameters);
      const chosen = Array.from({ length: count }, (_, i) => i).filter((i) => kept(start + i));
      const width = features.data.length / Math.max(1, count);
      const rows = new Float32Array(chosen.length * width);
      chosen.forEach((i, row) => {
        const energy = Math.fround(logSumExpRow(rowOf(logits, i)));
        const feature = rowOf(features, i);
        const norm = Math.max(Math.hypot(...feature), 1e-30);
        for (let j = 0; j < width; j++)
          rows[row * width + j] = Math.fround(Math.fround((feature[j] ?? 0) / norm) + 1e-10) * energy;
      });
      return { shape: [chosen.length, width], data: rows } satisfies FitRows;
    },
    holds: keptImages,
    check(available, { neighbours }) {
      if (available >= neighbours) return;
      throw oalError("OAL-E204", {
        detector: "nnguide",
        parameter: "neighbours",
        value: neighbours,
        available,
      });
    },
    sampled: ({ neighbours }, share) => ({ neighbours: Math.max(1, Math.round(neighbours * share)) }),
    partial(_graph, { features }, rows, { neighbours }) {
      const query = add(div(features, maximum(rowNorm(features, true), 1e-30)), 1e-10);
      return largest(gemm(query, rows, null, { transB: true }), neighbours);
    },
    merge: (_graph, products, { neighbours }) => largest(products, neighbours),
    score: (_graph, { logits }, products, { neighbours }) =>
      mul(energyOf(logits), reduceMean(largest(products, neighbours), [1], false)),
  },
});

/** The `count` largest of each row, or all where there are fewer. */
function largest(products: Value, count: number): Value {
  return topK(products, Math.min(count, products.size(1)), { axis: 1 }).values;
}

interface Choice {
  readonly share: number;
  readonly order: string;
  readonly batch: number;
  readonly seed: number;
}

/**
 * Whether an image of a set enters the bank. Spread over the list: of N images every (N / limit)-th from a drawn place on, in whole numbers, so
 * that exactly `limit` are kept and each is decided alone.
 */
function keptImages(total: number, { share, order, batch, seed }: Choice): (image: number) => boolean {
  const limit = Math.min(total, (Math.floor(Math.floor(share * total) / batch) + 1) * batch);
  if (order === "published" || limit === total) return (image) => image < limit;
  const start = new Random(seed, "detector/nnguide").integer(0, 0, total);
  const before = (image: number): number => Math.floor((image * limit + start) / total);
  return (image) => before(image + 1) > before(image);
}
