/** E3: images of a class attract each other, and outliers are among what they are told from. */
import { relu, type Value } from "oal-core";
import { z } from "zod";
import { choice, positive, real } from "../../fields.js";
import type { Context } from "../../nn/context.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { outlierContrastLoss } from "../../nn/losses/contrast.js";
import { alignedNeeds, defineExposure, picturesNeeds } from "./exposure.js";

/** Widths of the projection, hidden and last: METHOD's. */
const [hidden, projected] = [512, 128] as const;

/**
 * Supervised contrast of P(f) with P(outlier features) as negatives, P = Linear, ReLU, Linear to 128, trained with the student and thrown
 * away. The negatives are aligned outlier embeddings, which are held; or the features of outlier pictures, by which the backbone learns too.
 */
export const outlierContrast = defineExposure({
  id: "outlierContrast",
  title: "Contrast with outliers as negatives (E3)",
  source: "METHOD 10.4 E3; Khosla et al. 2020",
  schema: z.strictObject({
    contrastWeight: real(
      0,
      0,
      1000,
      "supervised contrast of the features with outliers as negatives; 0.1 is a good first try",
    ),
    contrastTemperature: positive(0.1, 100, "what cosines are divided by there"),
    contrastShare: positive(1, 1000, "how often every outlier counts among the negatives"),
    contrastNegatives: choice(
      ["aligned", "pictures"],
      "aligned",
      "outlier embeddings in the student's feature space, held; or the student's features of outlier pictures",
    ),
  }),
  terms: {
    outlierContrast: { title: "contrast between classes and outliers", weight: "contrastWeight" },
  },
  weights: ["contrastWeight"],
  needs: ({ contrastNegatives }) => (contrastNegatives === "aligned" ? alignedNeeds : picturesNeeds),
  ignored: ({ contrastWeight }) => [
    [
      ["contrastTemperature", "contrastShare", "contrastNegatives"],
      contrastWeight === 0 && "exposure.contrastWeight: 0",
    ],
  ],
  build: (inputs, { contrastTemperature, contrastShare, contrastNegatives }) => {
    const { context, features, labels } = inputs;
    const negatives = contrastNegatives === "aligned" ? inputs.alignedOutliers() : inputs.outliers.features;
    return {
      outlierContrast: outlierContrastLoss(project(context, features), labels, project(context, negatives), {
        temperature: contrastTemperature,
        outlierShare: contrastShare,
      }),
    };
  },
});

function project(context: Context, features: Value): Value {
  return linearLayer(context.child("2"), relu(linearLayer(context.child("0"), features, hidden)), projected);
}
