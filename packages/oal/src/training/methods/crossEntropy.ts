/** Plain classification: the mean cross-entropy of the logits against the labels, or another loss of theirs. */
import { add, mul } from "oal-core";
import { z } from "zod";
import { named, real } from "../../fields.js";
import { classificationLosses } from "../../nn/losses/index.js";
import { defineMethod } from "./method.js";

/** L = -(1/N) sum_i sum_c t_ic log softmax(z_i)_c with t = (1 - s) one-hot + s/C. */
export const crossEntropyMethod = defineMethod({
  id: "crossEntropy",
  title: "Cross-entropy",
  source: "METHOD 7; label smoothing: Szegedy et al. 2016",
  schema: z.strictObject({
    loss: named(classificationLosses, "crossEntropy", "loss of the labels; oal list losses shows them"),
    labelSmoothing: real(0, 0, 0.9, "share of the target spread evenly over all classes"),
  }),
  terms: { ce: { title: "cross-entropy of the labels", weight: 1 } },
  build: ({ logits, labels, classes }, { loss, labelSmoothing }) => {
    const targets =
      labelSmoothing === 0 ? labels : add(mul(labels, 1 - labelSmoothing), labelSmoothing / classes);
    return { ce: classificationLosses.find(loss).value(logits, targets) };
  },
});
