/** Energy of features of which only the largest are kept, scaled. */
import { div, exp, mul, reduceSum } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { real } from "../parameters.js";
import { headEnergy, keptAbove, largestMask, largestSum } from "../shaping.js";

/**
 * ASH-S: log Σ exp(W f' + b), f' the feature with all but its largest elements set to 0; kept elements are multiplied by exp(Σ f / Σ of the kept). Of
 * equal elements at the cut the earlier are kept.
 *
 * @source Djurisic et al. 2023, "Extremely Simple Activation Shaping for Out-of-Distribution Detection", on pooled features as in OpenOOD
 */
export const ashS = defineDetector({
  id: "ash_s",
  title: "Activation shaping, scaled",
  aliases: ["ashS"],
  jumps: true,
  needs: ["features", "head"],
  source: "Djurisic et al. 2023",
  formula: "log Σ exp(W f' + b), kept elements times exp(Σf / Σ_kept f)",
  cost: "d log d",
  notes: [
    "OpenOOD shapes the pooled feature; the paper shapes maps before pooling in some models, and pytorch-ood always.",
  ],
  parameters: {
    percentile: real({
      min: 0,
      below: 100,
      default: 90,
      search: [65, 70, 75, 80, 85, 90, 95],
      description: "the share of a feature's elements that is set to 0, in per cent",
      reason: "OpenOOD's for every variant; the paper takes 60 to 95 by model",
    }),
  },
  score(_graph, { features, head }, { percentile }) {
    const count = keptAbove(features.size(1), percentile);
    const mask = largestMask(features, count);
    const ratio = div(reduceSum(features, [1], true), largestSum(features, count));
    return headEnergy(head, mul(mul(features, mask), exp(ratio)));
  },
});
