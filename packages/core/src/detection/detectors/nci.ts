/** Alignment of a feature with the predicted class's weights: neural collapse. */
import { abs, add, div, mul, reduceSum, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { floats, meanRow } from "../fitting/statistics.js";
import { real } from "../parameters.js";
import { ofPredictedClass, rowNorm } from "../shaping.js";

/**
 * NCI: W_a · (f - μ) / ||f - μ|| + α ||f||_1, a the predicted class and μ the mean training feature.
 *
 * @source Liu and Qin 2025, "Detecting Out-of-Distribution Through the Lens of Neural Collapse"
 */
export const nci = defineDetector({
  id: "nci",
  title: "Neural collapse inspired",
  aliases: ["neuralCollapse"],
  needs: ["features", "logits", "head"],
  source: "Liu and Qin 2025",
  formula: "W_a · (f-μ)/||f-μ|| + α ||f||₁",
  cost: "d; d numbers",
  notes: [
    "OpenOOD as in the paper; the class's weights are not normalised.",
    "pytorch-ood computes the same, with α = 0 unless given, which leaves the norm out.",
  ],
  parameters: {
    alpha: real({
      min: 0,
      default: 1e-4,
      search: [1e-4, 1e-3, 1e-2, 1e-1],
      description: "α, the weight of the feature's L1 norm",
      reason: "OpenOOD's",
    }),
  },
  fitReads: [],
  fit: {
    on: "train",
    needs: ["features"],
    tensors: ["mean"],
    async run(streams) {
      const mean = await meanRow(streams, "features");
      return { mean: floats([1, mean.length], mean) };
    },
  },
  score(_graph, { features, logits, head, fitted }, { alpha }) {
    const centred = sub(features, fitted.mean);
    const along = reduceSum(mul(ofPredictedClass(head.weight, logits), centred), [1]);
    return add(div(along, rowNorm(centred)), mul(reduceSum(abs(features), [1]), alpha));
  },
});
