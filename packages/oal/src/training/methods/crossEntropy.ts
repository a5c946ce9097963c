/** Plain classification: the mean cross-entropy of the logits against the labels. */
import { add, mul } from "oal-core";
import { z } from "zod";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { defineMethod } from "./method.js";

/** L = -(1/N) sum_i sum_c t_ic log softmax(z_i)_c with t = (1 - s) one-hot + s/C. */
export const crossEntropyMethod = defineMethod({
  id: "crossEntropy",
  title: "Cross-entropy",
  source: "METHOD 7; label smoothing: Szegedy et al. 2016",
  section: "student",
  schema: z.object({ labelSmoothing: z.number().min(0).max(1).default(0) }),
  needs: () => [],
  terms: ({ logits, labels, classes }, { labelSmoothing }) => {
    const targets =
      labelSmoothing === 0 ? labels : add(mul(labels, 1 - labelSmoothing), labelSmoothing / classes);
    return [{ name: "ce", value: softCrossEntropy(logits, targets), weight: 1 }];
  },
});
