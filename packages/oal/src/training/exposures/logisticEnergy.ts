/** Logistic energy: outliers and known pictures are told apart by their energy alone. */
import { z } from "zod";
import { real } from "../../fields.js";
import { energy, logisticEnergyLoss } from "../../nn/losses/energy.js";
import { defineExposure } from "./exposure.js";

/** mean softplus(-(a E + b)) over ID images + mean softplus(a E + b) over outliers, E = logsumexp(z), a > 0 and b learnt with the student. */
export const logisticEnergy = defineExposure({
  id: "logisticEnergy",
  title: "Logistic energy of ID against outliers",
  source: "METHOD 10.4 E1, E2; Du et al. 2022 (VOS), equation 5",
  schema: z.strictObject({
    logisticWeight: real(
      0,
      0,
      1000,
      "binary cross-entropy of a * energy + b, known 1 and outlier 0, a and b learnt; 0.1 is a good first try",
    ),
  }),
  terms: {
    exposureLogistic: {
      title: "binary cross-entropy of the energy, ID against outliers",
      weight: "logisticWeight",
    },
  },
  weights: ["logisticWeight"],
  build: ({ context, logits, outliers }) => ({
    exposureLogistic: logisticEnergyLoss(context, energy(logits), energy(outliers.logits)),
  }),
});
