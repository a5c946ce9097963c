/** Size of the gradient that a uniform target would send into the last layer. */
import { abs, mul, reduceSum, softmax, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * GradNorm: (Σ_c |C p_c - 1|) (Σ_i |f_i|), at least 0: the L1 norm of the gradient of Σ_c -log p_c by the last layer's weights, in closed
 * form.
 *
 * @source Huang et al. 2021, "On the Importance of Gradients for Detecting Distributional Shifts in the Wild"; OpenOOD's target sums to
 *   C, which multiplies the paper's score by C
 */
export const gradnorm = defineDetector({
  id: "gradnorm",
  title: "Gradient norm",
  aliases: ["gradNorm"],
  assumesPositive: true,
  needs: ["features", "logits"],
  source: "Huang et al. 2021",
  formula: "(Σ_c |C p_c - 1|) (Σ_i |f_i|)",
  cost: "C + d; no numbers",
  notes: [
    "OpenOOD's target sums to C, which multiplies the paper's score by C; ranks are the same. The closed form replaces the backward pass of both.",
    "pytorch-ood's GradNorm is another paper's. Its GradNormKL is this one with a binary cross-entropy as loss, over all parameters of the network unless they are filtered.",
  ],
  parameters: {},
  score(_graph, { features, logits }) {
    const classes = logits.size(1);
    const difference = reduceSum(abs(sub(mul(softmax(logits, 1), classes), 1)), [1]);
    return mul(difference, reduceSum(abs(features), [1]));
  },
});
