/** E2: decoded outliers pass the student and are pulled towards "no class" (uniform) and low energy. */
import { mul, reduceMean, stopGradient, sub, type Value } from "oal-core";
import { z } from "zod";
import { energy, energyMarginLoss, uniformLabelLoss } from "../../nn/losses/energy.js";
import { defineMethod, type WeightedTerm } from "./method.js";

/**
 * Uniform target: -(1/M) sum_j (1/C) sum_c log softmax(z_j)_c. Energy: squared hinges that keep E = logsumexp(z) of ID
 * images above the batch's mean ID energy and of outliers `energyMargin` below it (the mean is a constant of the step,
 * in place of METHOD's percentile at the start, so that a run from scratch needs no first pass).
 */
export const outlierExposureMethod = defineMethod({
  id: "outlierExposure",
  title: "Exposure to decoded outliers (E2)",
  source: "METHOD 10.4 E2; Hendrycks et al. 2019; Liu et al. 2020",
  section: "exposure",
  schema: z.object({
    uniformWeight: z.number().default(0.5),
    energyWeight: z.number().default(0),
    energyMargin: z.number().default(5),
  }),
  keysOfOthers: ["fraction", "start"],
  needs: ({ uniformWeight, energyWeight }) =>
    uniformWeight > 0 || energyWeight > 0 ? ["outlierImages"] : [],
  terms: ({ logits, outliers, exposureGate }, options) => {
    if (!outliers || !exposureGate) return [];
    const terms: WeightedTerm[] = [];
    if (options.uniformWeight > 0) {
      const value = uniformLabelLoss(outliers.logits);
      terms.push({ name: "exposureUniform", value, weight: mul(exposureGate, options.uniformWeight) });
    }
    if (options.energyWeight > 0) {
      const value = energyHinges(logits, outliers.logits, options.energyMargin);
      terms.push({ name: "exposureEnergy", value, weight: mul(exposureGate, options.energyWeight) });
    }
    return terms;
  },
});

function energyHinges(logits: Value, outlierLogits: Value, margin: number): Value {
  const inside = energy(logits);
  const centre = stopGradient(reduceMean(inside, [0]));
  return energyMarginLoss(inside, energy(outlierLogits), centre, sub(centre, margin));
}
