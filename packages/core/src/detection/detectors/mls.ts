/** Maximum logit score. */
import { reduceMax } from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * MLS: max_c z_c, in logit units, unbounded.
 *
 * @source Hendrycks et al. 2022, "Scaling Out-of-Distribution Detection for Real-World Settings"
 */
export const mls = defineDetector({
  id: "mls",
  title: "Maximum logit score",
  aliases: ["maxlogit", "maxLogit"],
  needs: ["logits"],
  source: "Hendrycks et al. 2022",
  formula: "max_c z_c",
  cost: "C; no numbers",
  notes: ["OpenOOD as in the paper; pytorch-ood gives the same number negated."],
  parameters: {},
  score: (_graph, { logits }) => reduceMax(logits, [1]),
});
