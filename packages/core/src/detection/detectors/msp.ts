/** Maximum softmax probability. */
import { reduceMax, softmax } from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * MSP: max_c softmax(z)_c, in (0, 1]. In float32 it saturates to exactly 1 above a margin of about 17, which makes ties.
 *
 * @source Hendrycks and Gimpel 2017, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples"
 */
export const msp = defineDetector({
  id: "msp",
  title: "Maximum softmax probability",
  aliases: ["baseline", "softmax"],
  needs: ["logits"],
  source: "Hendrycks and Gimpel 2017",
  formula: "max_c softmax(z)_c",
  cost: "C; no numbers",
  notes: [
    "OpenOOD as in the paper; pytorch-ood gives the same number negated.",
    "In float32 it is exactly 1 above a margin of about 17 between the two largest logits, so that sure pictures tie.",
  ],
  parameters: {},
  score: (_graph, { logits }) => reduceMax(softmax(logits, 1), [1]),
});
