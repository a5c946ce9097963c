/** Negative entropy of the predicted distribution. */
import { logSoftmax, mul, reduceSum, softmax } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { fromLargest } from "../shaping.js";

/**
 * Entropy: Σ_c p_c log p_c, in [-log C, 0]. From the log-softmax, so that a probability that rounds to 0 contributes 0 (pytorch-ood
 * takes the logarithm of the rounded probability, which gives NaN).
 *
 * @source the classic uncertainty of a distribution (Shannon 1948), as in pytorch-ood
 */
export const entropy = defineDetector({
  id: "entropy",
  title: "Negative entropy",
  needs: ["logits"],
  source: "Shannon 1948",
  formula: "Σ_c p_c log p_c",
  cost: "C; no numbers",
  notes: [
    "Not in OpenOOD.",
    "pytorch-ood takes the logarithm of a probability that may have been rounded to 0, which gives NaN, or in newer versions of one that is raised to 1e-7; here it is the log-softmax.",
  ],
  parameters: {},
  score(_graph, { logits }) {
    const z = fromLargest(logits);
    return reduceSum(mul(softmax(z, 1), logSoftmax(z, 1)), [1]);
  },
});
