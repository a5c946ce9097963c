/** The largest probability of a known class where the reject class takes part. */
import { concat, logSumExp, reduceMax, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * Known class beside the reject class: ln max_c softmax([z, r])_c over the known classes c, at most 0. Low where the reject class is likely,
 * and where no known class stands out.
 *
 * @source Vernekar et al. 2019, "Out-of-distribution Detection in Classifiers via Generation", arXiv 1910.04241
 */
export const rejectMsp = defineDetector({
  id: "rejectMsp",
  title: "Known class beside the reject class",
  aliases: [],
  needs: ["logits", "heads.reject"],
  source: "Vernekar et al. 2019",
  formula: "ln max_c softmax([z, r])_c, c known",
  cost: "C; no numbers",
  notes: [
    "Only models that were trained with exposure.rejectWeight above 0 have the head.",
    "The logarithm keeps the digits that probabilities near 1 lose.",
    "Not in OpenOOD. pytorch-ood has a loss for such a class (BackgroundClassLoss), and no detector that reads it.",
  ],
  parameters: {},
  score: (_graph, { logits, "heads.reject": rejected }) =>
    sub(reduceMax(logits, [1]), logSumExp(concat([logits, rejected], 1), [1], false)),
});
