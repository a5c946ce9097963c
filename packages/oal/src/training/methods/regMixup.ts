/** Mixed pictures beside the batch: plain classification of the pictures as they are, and that of pictures half-way between two. */
import { add, float32Tensor, gather, int64Tensor, mul, sub, type Value } from "oal-core";
import { z } from "zod";
import { positive, real } from "../../fields.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { betaNumber } from "./beta.js";
import type { BatchInputs, ByName } from "./inputs.js";
import { defineMethod } from "./method.js";

/** λ x_i + (1 - λ) x_π(i), one λ and one order π of the batch in every step. */
function mixed(rows: Value, draws: ByName<Value>): Value {
  const share = draws("share");
  return add(mul(rows, share), mul(gather(rows, draws("order")), sub(1, share)));
}

/**
 * weight * cross-entropy of mixed pictures with equally mixed labels, λ of Beta(α, α); beside the cross-entropy of the pictures as they are.
 */
export const regMixupMethod = defineMethod({
  id: "regMixup",
  title: "Mixup as a regulariser",
  source:
    "Pinto et al. 2022, RegMixup: Mixup as a Regularizer Can Surprisingly Improve Accuracy and Out Distribution Robustness, equation 3; α as in OpenOOD, which divides both losses by 2",
  section: "regMixup",
  about: "mixed pictures beside the batch",
  schema: z.strictObject({
    weight: real(1, 0, 1000, "weight of the cross-entropy of mixed pictures; 1 is published"),
    alpha: positive(20, 1000, "α of the share λ: large ones mix by halves"),
  }),
  terms: { mixedCe: { title: "cross-entropy of mixed labels, mixed pictures", weight: "weight" } },
  ignored: ({ weight }) => [[["alpha"], weight === 0 && "regMixup.weight: 0"]],
  draws: ({ alpha }, { batchSize }) => ({
    share: {
      type: { dtype: "float32", shape: [] },
      at: (random, step) => float32Tensor([], [betaNumber(random, step, alpha, alpha)]),
    },
    order: {
      type: { dtype: "int64", shape: [batchSize] },
      at: (random, step) => int64Tensor([batchSize], [...random.permutation(step, batchSize)]),
    },
  }),
  pictures: ({ images, draws }: BatchInputs, { weight }) =>
    weight === 0 ? {} : { mixed: mixed(images, draws) },
  build: ({ labels, draws, shown }, { weight }) =>
    weight === 0 ? {} : { mixedCe: softCrossEntropy(shown("mixed").logits, mixed(labels, draws)) },
});
