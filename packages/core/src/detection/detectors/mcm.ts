/** Maximum softmax probability at a temperature, as used on the cosine logits of CLIP. */
import { div, reduceMax, softmax } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { real } from "../parameters.js";

/**
 * MCM: max_c softmax(z / τ)_c, in (0, 1]. CLIP's logits are 100 times a cosine, so that τ = 1 on them is the paper's 0.01 on cosines.
 *
 * @source Ming et al. 2022, "Delving into Out-of-Distribution Detection with Vision-Language Representations"
 */
export const mcm = defineDetector({
  id: "mcm",
  title: "Maximum concept matching",
  aliases: ["maximumConceptMatching"],
  needs: ["logits"],
  source: "Ming et al. 2022",
  formula: "max_c softmax(z / τ)_c",
  cost: "C; no numbers",
  notes: [
    "OpenOOD applies it to any logits; the paper means cosines of CLIP, of which 100 times are the logits, so that 1 here is its 0.01.",
    "OpenOOD has a list of temperatures but never searches it.",
    "pytorch-ood takes embeddings of the picture and of the class names and multiplies their cosines by 100; its number is the negated one of CLIP's logits here.",
    "In float32 it is exactly 1 where the two largest logits lie more than about 17 τ apart, so that sure pictures tie.",
  ],
  parameters: {
    temperature: real({
      above: 0,
      default: 1,
      description: "τ, no unit; the larger, the flatter the probabilities",
      reason: "OpenOOD's; its list of others [0.01, 1, 10] is never searched there",
    }),
  },
  score: (_graph, { logits }, { temperature }) => reduceMax(softmax(div(logits, temperature), 1), [1]),
});
