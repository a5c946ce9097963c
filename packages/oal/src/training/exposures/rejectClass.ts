/** A class beside the known ones, for whatever is none of them. */
import { logSumExp, mul, neg, reduceMean, softplus, sub, type Value } from "oal-core";
import { z } from "zod";
import { real } from "../../fields.js";
import { zeros } from "../../nn/initialisers.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { defineExposure } from "./exposure.js";

/**
 * Cross-entropy over C + 1 classes, outliers being of the last. With r the logit of that class and E = logsumexp(z) over the known ones,
 * -log softmax([z, r]) is
 *
 *   of a known label y:  -log softmax(z)_y + softplus(r - E);   of "reject":  softplus(E - r)
 *
 * so that the known classes' own cross-entropy stays what it is, and two terms are added: the first for images, at the weight 1 that
 * their cross-entropy has, and `rejectWeight` times the second for outliers. The logits stay those of C classes.
 *
 * r = (w · f) / sqrt(F) + b, w and b from 0: divided, so that a step moves r by no more where there are more features.
 */
export const rejectClass = defineExposure({
  id: "rejectClass",
  title: "A reject class for outliers",
  source:
    "Neal et al. 2018 (Open Set Learning with Counterfactual Images); Vernekar et al. 2019 (arXiv 1910.04241); Mohseni et al. 2020",
  schema: z.strictObject({
    rejectWeight: real(
      0,
      0,
      1000,
      "cross-entropy of outliers with a class of their own, which known images are told from as well; 0.5 is a good first try",
    ),
  }),
  terms: {
    rejectKnown: { title: "how likely images are taken for the reject class", weight: 1 },
    rejectOutliers: { title: "cross-entropy of outliers with the reject class", weight: "rejectWeight" },
  },
  weights: ["rejectWeight"],
  keeps: ["reject"],
  detectors: ["reject", "rejectMsp"],
  outputs: ({ context, features }) => {
    const scaled = mul(features, 1 / Math.sqrt(features.size(1)));
    return { reject: linearLayer(context, scaled, 1, { init: zeros, biasInit: zeros }) };
  },
  build: ({ logits, outliers, heads, outlierHeads }) => ({
    rejectKnown: reduceMean(softplus(neg(lead(logits, heads("reject")))), [0, 1]),
    rejectOutliers: reduceMean(softplus(lead(outliers.logits, outlierHeads("reject"))), [0, 1]),
  }),
});

/** E - r: float32 [N, 1]. */
function lead(logits: Value, reject: Value): Value {
  return sub(logSumExp(logits, [1], true), reject);
}
