/** Features of one length in training, as they are afterwards: known pictures then have longer ones than unknown ones. */
import { div, mul, oalError, type Head } from "oal-core";
import { z } from "zod";
import { positive } from "../../fields.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { unitRows } from "../../nn/losses/unitRows.js";
import { defineMethod } from "./method.js";

const id = "t2fNorm";

/** The last layer h with features divided by τ: h(f / τ). */
function heated(head: Head | undefined, temperature: number): Head {
  if (!head) throw oalError("OAL-T133", { method: id });
  return {
    get weight() {
      return div(head.weight, temperature);
    },
    get bias() {
      return head.bias;
    },
    apply: (features) => head.apply(mul(features, 1 / temperature)),
  };
}

/** L = -(1/N) sum_i sum_c t_ic log softmax(h(f_i / (τ ||f_i||)))_c with h the last layer; the finished model's scores are h(f / τ). */
export const t2fNormMethod = defineMethod({
  id,
  title: "Train-time feature normalisation",
  source:
    "Regmi et al. 2024, T2FNorm: Train-time Feature Normalization for OOD Detection in Image Classification, section 3",
  section: id,
  about: "features of one length in the loss",
  schema: z.strictObject({
    temperature: positive(
      0.1,
      100,
      "τ, what features of length 1, and afterwards all features, are divided by",
    ),
  }),
  terms: { normalisedFeatureCe: { title: "cross-entropy of the labels, features of one length", weight: 1 } },
  inference: ({ features, head }, { temperature }) => {
    const own = heated(head, temperature);
    return { logits: own.apply(features), head: own };
  },
  build: ({ features, labels, head }, { temperature }) => ({
    normalisedFeatureCe: softCrossEntropy(heated(head, temperature).apply(unitRows(features)), labels),
  }),
});
