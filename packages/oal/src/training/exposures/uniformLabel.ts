/** E2, first part: decoded outliers are pulled towards "no class". */
import { z } from "zod";
import { real } from "../../fields.js";
import { uniformLabelLoss } from "../../nn/losses/energy.js";
import { defineExposure } from "./exposure.js";

/** -(1/M) sum_j (1/C) sum_c log softmax(z_j)_c. */
export const uniformLabel = defineExposure({
  id: "uniformLabel",
  title: "Uniform label for outliers (E2)",
  source: "METHOD 10.4 E2; Hendrycks et al. 2019",
  schema: z.strictObject({
    uniformWeight: real(0.1, 0, 1000, "cross-entropy of decoded outliers with the uniform distribution"),
  }),
  terms: {
    exposureUniform: { title: "cross-entropy of outliers with the uniform label", weight: "uniformWeight" },
  },
  weights: ["uniformWeight"],
  build: ({ outliers }) => ({ exposureUniform: uniformLabelLoss(outliers.logits) }),
});
