/** The odds that a picture is of some known class and not of the reject class. */
import { logSumExp, reshape, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * Reject class: log Σ_c exp(z_c) - r with the reject class's logit r, unbounded. It is ln((1 - p) / p) of the reject probability p = softmax([z,
 * r])_C+1, and orders pictures as 1 - p does without its ties near 0 and 1.
 *
 * @source Neal et al. 2018, "Open Set Learning with Counterfactual Images"; Mohseni et al. 2020, "Self-Supervised Learning for Generalizable
 *   Out-of-Distribution Detection"
 */
export const reject = defineDetector({
  id: "reject",
  title: "Reject class",
  aliases: ["rejectProbability"],
  needs: ["logits", "heads.reject"],
  source: "Neal et al. 2018; Mohseni et al. 2020",
  formula: "log Σ_c exp(z_c) - r",
  cost: "C; no numbers",
  notes: [
    "Only models that were trained with exposure.rejectWeight above 0 have the head.",
    "The papers score by the reject probability; this is its log odds, negated. Without the reject class there is ebo.",
    "Not in OpenOOD. pytorch-ood has a loss for such a class (BackgroundClassLoss), and no detector that reads it.",
  ],
  parameters: {},
  score: (_graph, { logits, "heads.reject": rejected }) =>
    sub(logSumExp(logits, [1], false), reshape(rejected, [rejected.dims[0] ?? 1])),
});
