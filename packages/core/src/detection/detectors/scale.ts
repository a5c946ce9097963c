/** Energy of features scaled by how much of them is in the largest. */
import { div, exp, mul, reduceSum } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { real } from "../parameters.js";
import { headEnergy, keptAbove, largestSum } from "../shaping.js";

/**
 * SCALE: log Σ exp(W f e^r + b), r = Σ f / (sum of the largest elements of f, those above a percentile of its own).
 *
 * @source Xu et al. 2024, "Scaling for Training Time and Post-hoc Out-of-distribution Detection Enhancement"
 */
export const scale = defineDetector({
  id: "scale",
  title: "Activation scaling",
  aliases: ["activationScaling"],
  assumesPositive: true,
  needs: ["features", "head"],
  source: "Xu et al. 2024",
  formula: "log Σ exp(W f e^r + b), r = Σf / Σ_top f",
  cost: "d log d; no numbers",
  notes: [
    "OpenOOD as in the paper. Features below 0, as a transformer's, make the ratio meaningless.",
    "pytorch-ood scales maps before pooling, with a percentile of 65.",
    "A feature of zeros has no ratio, and so no score.",
  ],
  parameters: {
    percentile: real({
      min: 0,
      below: 100,
      default: 85,
      search: [65, 70, 75, 80, 85, 90, 95],
      description: "the percentile of a feature's own elements above which they count as largest",
      reason: "the paper's choice, and OpenOOD's",
    }),
  },
  score(_graph, { features, head }, { percentile }) {
    const count = keptAbove(features.size(1), percentile);
    const ratio = div(reduceSum(features, [1], true), largestSum(features, count));
    return headEnergy(head, mul(features, exp(ratio)));
  },
});
