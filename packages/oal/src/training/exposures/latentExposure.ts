/** E1: outlier embeddings in the student's feature space, shown to its last layer. */
import { cast, greater, oalError, reduceMean, reshape, stopGradient, type Value } from "oal-core";
import { z } from "zod";
import { choice, positive, real } from "../../fields.js";
import {
  energy,
  logisticEnergyLoss,
  relativeEnergyMarginLoss,
  uniformLabelLoss,
} from "../../nn/losses/energy.js";
import { alignedNeeds, defineExposure } from "./exposure.js";

/**
 * With f_o the aligned outliers and z_o the head's answer to them: the logistic energy of ID logits against z_o (the default), the
 * energy hinges, or cross-entropy of z_o with the uniform label. No gradient passes f_o: the head learns from it, and the backbone through
 * the energy of the ID images. `latentSeparation` is the share of pairs in which the known image has the larger energy, the AUROC
 * of the batch: near 1 the outliers are too far off to teach anything.
 */
export const latentExposure = defineExposure({
  id: "latentExposure",
  title: "Exposure of the head to aligned outlier embeddings (E1)",
  source: "METHOD 10.4 E1",
  schema: z.strictObject({
    latentWeight: real(
      0,
      0,
      1000,
      "loss of the head's answers to outlier embeddings in the student's feature space",
    ),
    latentForm: choice(
      ["logistic", "margin", "uniform"],
      "logistic",
      "that loss: logistic energy (weight about 1), energy hinges (about 0.1), or the uniform label (about 0.5)",
    ),
    latentMargin: positive(
      5,
      1000,
      "with latentForm: margin, distance in logit units between the two hinges",
    ),
  }),
  terms: {
    latentExposure: { title: "loss of the head on aligned outlier embeddings", weight: "latentWeight" },
    latentSeparation: {
      title: "share of pairs in which an image has more energy than an aligned outlier",
      weight: null,
    },
  },
  weights: ["latentWeight"],
  needs: () => alignedNeeds,
  ignored: ({ latentWeight, latentForm }) => [
    [["latentForm", "latentMargin"], latentWeight === 0 && "exposure.latentWeight: 0"],
    [["latentMargin"], latentWeight !== 0 && latentForm !== "margin" && `exposure.latentForm: ${latentForm}`],
  ],
  build: ({ context, logits, head, alignedOutliers }, { latentForm, latentMargin }) => {
    if (!head) throw oalError("OAL-T133", { method: "exposure (latentWeight)" });
    const outlierLogits = head.apply(alignedOutliers());
    const [inside, outside] = [energy(logits), energy(outlierLogits)];
    const forms: Readonly<Record<typeof latentForm, () => Value>> = {
      logistic: () => logisticEnergyLoss(context, inside, outside),
      margin: () => relativeEnergyMarginLoss(inside, outside, latentMargin),
      uniform: () => uniformLabelLoss(outlierLogits),
    };
    const above = greater(reshape(inside, [-1, 1]), reshape(outside, [1, -1]));
    return {
      latentExposure: forms[latentForm](),
      latentSeparation: stopGradient(reduceMean(cast(above, "float32"), [0, 1])),
    };
  },
});
