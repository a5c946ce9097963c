/** Outliers made in the feature space, shown to the last layer alone. */
import { div, mul, oalError, reduceMean, reduceSum, sqrt, stopGradient, type Value } from "oal-core";
import { z } from "zod";
import { real } from "../../fields.js";
import { uniformLabelLoss } from "../../nn/losses/energy.js";
import { defineMethod } from "./method.js";

/**
 * weight * cross-entropy of the head's answer to outlier embeddings with the uniform label. The embeddings lie at the boundary of the
 * classes in the feature space that the student starts with; they get the length that the batch's features have on average.
 */
export const featureExposureMethod = defineMethod({
  id: "featureExposure",
  title: "Exposure of the head to outlier features",
  source:
    "METHOD 3.3 and 10.4 E2; Tao et al. 2023 (outliers in the feature space), Hendrycks et al. 2019 (uniform label)",
  outliers: ["features"],
  section: "featureExposure",
  about: "outliers made in the feature space, shown to the last layer",
  schema: z.strictObject({
    weight: real(
      0.1,
      0,
      1000,
      "cross-entropy of the head's answer to outlier features with the uniform distribution",
    ),
  }),
  terms: {
    featureUniform: { title: "cross-entropy of outlier features with the uniform label", weight: "weight" },
  },
  needs: ({ weight }) => (weight > 0 ? ["outlierEmbeddings"] : []),
  build: ({ features, head, side }, { weight }) => {
    if (weight === 0) return {};
    if (!head) throw oalError("OAL-T133", { method: "featureExposure" });
    const outliers = side("outlierEmbeddings");
    const length = stopGradient(reduceMean(lengths(features), [0, 1]));
    const scaled = mul(div(outliers, lengths(outliers)), length);
    return { featureUniform: uniformLabelLoss(head.apply(scaled)) };
  },
});

/** The lengths of rows: float32 [N, D] to float32 [N, 1]. */
function lengths(rows: Value): Value {
  return sqrt(reduceSum(mul(rows, rows), [1], true));
}
