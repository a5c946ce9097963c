/** Likeness to the stored pattern of the predicted class. */
import { div, mul, neg, reduceSum, sub, maximum } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { eachImage, firstLargest, floats, GroupSums, rowOf } from "../fitting/statistics.js";
import { choice } from "../parameters.js";
import { ofPredictedClass, rowNorm } from "../shaping.js";

/**
 * SHE: f · S_c for the predicted class c, S_c the mean feature of its correctly classified training images; or minus the Euclidean
 * distance to it, or the cosine.
 *
 * @source Zhang et al. 2023, "Out-of-Distribution Detection based on In-Distribution Data Patterns Memorization with Modern Hopfield Energy"
 */
export const she = defineDetector({
  id: "she",
  title: "Simplified Hopfield energy",
  aliases: ["hopfieldEnergy"],
  needs: ["features", "logits"],
  source: "Zhang et al. 2023",
  formula: "f · S_argmax(z)",
  cost: "d; C d numbers",
  notes: [
    "OpenOOD as in the paper. A class without a correctly classified picture gives NaN there, a sentence here.",
    "pytorch-ood has the inner product alone, and refuses such a class too.",
  ],
  parameters: {
    metric: choice({
      options: ["innerProduct", "euclidean", "cosine"],
      default: "innerProduct",
      description: "how a feature is compared with the pattern",
      reason: "the paper's choice, and OpenOOD's",
    }),
  },
  fitReads: [],
  fit: {
    on: "train",
    labelled: true,
    needs: ["features", "logits"],
    tensors: ["patterns"],
    async run(streams) {
      const sums = new GroupSums(streams.classes);
      await eachImage(streams, ({ labels, taps: { features, logits } }, i) => {
        const label = labels[i] ?? 0;
        if (firstLargest(rowOf(logits, i)) === label) sums.add(label, rowOf(features, i));
      });
      const patterns = sums.means("she", "correctly classified images");
      return { patterns: floats([streams.classes, sums.width], patterns) };
    },
  },
  score(_graph, { features, logits, fitted }, { metric }) {
    const pattern = ofPredictedClass(fitted.patterns, logits);
    if (metric === "euclidean") return neg(rowNorm(sub(features, pattern)));
    const product = reduceSum(mul(features, pattern), [1]);
    if (metric === "innerProduct") return product;
    return div(product, maximum(mul(rowNorm(features), rowNorm(pattern)), 1e-8));
  },
});
