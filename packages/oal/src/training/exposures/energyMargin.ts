/** E2, second part: the energy of decoded outliers is kept below that of ID images. */
import { z } from "zod";
import { positive, real } from "../../fields.js";
import { energy, relativeEnergyMarginLoss } from "../../nn/losses/energy.js";
import { defineExposure } from "./exposure.js";

/**
 * Squared hinges that keep E = logsumexp(z) of ID images above the batch's mean ID energy and of outliers `energyMargin` below it.
 */
export const energyMargin = defineExposure({
  id: "energyMargin",
  title: "Energy margin between ID and outliers (E2)",
  source: "METHOD 10.4 E2; Liu et al. 2020",
  schema: z.strictObject({
    energyWeight: real(0, 0, 1000, "squared hinge that keeps the energy of outliers below that of ID images"),
    energyMargin: positive(5, 1000, "distance in logit units between the two hinges"),
  }),
  terms: {
    exposureEnergy: { title: "hinges between the energies of ID and outliers", weight: "energyWeight" },
  },
  weights: ["energyWeight"],
  ignored: ({ energyWeight }) => [[["energyMargin"], energyWeight === 0 && "exposure.energyWeight: 0"]],
  build: ({ logits, outliers }, options) => ({
    exposureEnergy: relativeEnergyMarginLoss(energy(logits), energy(outliers.logits), options.energyMargin),
  }),
});
