/** Cross-entropy of class scores of one length: training cannot lower the loss by making them longer, only by turning them. */
import { z } from "zod";
import { positive } from "../../fields.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { unitRows } from "../../nn/losses/unitRows.js";
import { defineMethod } from "./method.js";

/** L = -(1/N) sum_i sum_c t_ic log softmax(z_i / (τ ||z_i||))_c. The finished model gives z as it is. */
export const logitNormMethod = defineMethod({
  id: "logitNorm",
  title: "Logit normalisation",
  source: "Wei et al. 2022, Mitigating Neural Network Overconfidence with Logit Normalization, equation 6",
  section: "logitNorm",
  about: "class scores of one length in the loss",
  schema: z.strictObject({
    weight: positive(
      1,
      1000,
      "factor of the loss: as another learning rate for this method alone, whose gradients are up to 1 / (τ ||z||) times those of cross-entropy",
    ),
    temperature: positive(0.04, 100, "τ, what the scores of length 1 are divided by; 0.04 is published"),
  }),
  terms: { normalisedCe: { title: "cross-entropy of the labels, scores of one length", weight: "weight" } },
  build: ({ logits, labels }, { temperature }) => ({
    normalisedCe: softCrossEntropy(unitRows(logits, temperature), labels),
  }),
});
