/** Energy of the logits. */
import { div, logSumExp, mul } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { real } from "../parameters.js";

/**
 * Energy confidence: T · log Σ_c exp(z_c / T), in logit units, unbounded.
 *
 * @source Liu et al. 2020, "Energy-based Out-of-distribution Detection", E(x; f); ours is -E
 */
export const ebo = defineDetector({
  id: "ebo",
  title: "Energy",
  aliases: ["energy"],
  needs: ["logits"],
  source: "Liu et al. 2020",
  formula: "T log Σ_c exp(z_c / T)",
  cost: "C; no numbers",
  notes: [
    "OpenOOD as in the paper; pytorch-ood returns the energy itself, which is larger for unknown pictures.",
  ],
  parameters: {
    temperature: real({
      above: 0,
      default: 1,
      search: [1],
      description: "T, no unit; the larger, the nearer to mean(z) + T log C",
      reason: "the paper's choice, and OpenOOD's",
    }),
  },
  score: (_graph, { logits }, { temperature }) =>
    mul(logSumExp(div(logits, temperature), [1], false), temperature),
});
