/** How sure the classes are, and how well the turns of a picture are told. */
import {
  add,
  logSoftmax,
  mul,
  neg,
  quarterTurns,
  reduceMean,
  slice,
  squeeze,
  sub,
} from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * RotPred: KL(u ‖ p) - ¼ Σ_k -log r_k(x turned k times), u uniform over C classes, p the softmax of the class scores, r that of the head
 * "turns". The picture passes the network four times, all within the graph.
 *
 * @cost four forward passes
 * @source Hendrycks et al. 2019, "Using Self-Supervised Learning Can Improve Model Robustness and Uncertainty"
 */
export const rotpred = defineDetector({
  id: "rotpred",
  title: "Prediction of quarter turns",
  aliases: ["rotationPrediction"],
  needs: ["images", "logits", "heads.turns"],
  source: "Hendrycks et al. 2019",
  formula: "KL(u ‖ softmax(z)) + ¼ Σ_k log softmax(r(turn_k x))_k",
  cost: "four forward passes; no numbers",
  notes: [
    "Only models that training method rotpred trained have the head.",
    "OpenOOD takes both terms to base 2, which multiplies the score by 1.44 and changes no rank.",
    "Not in pytorch-ood.",
  ],
  parameters: {},
  score(_graph, { images, logits, "heads.turns": turns }) {
    const told = [0, 1, 2, 3].map((k) => {
      const there = k === 0 ? turns : images.at(quarterTurns(images.input, k))(turns);
      return squeeze(slice(logSoftmax(there, 1), [k], [k + 1], [1]), [1]);
    });
    const sum = told.reduce((total, each) => add(total, each));
    const surprise = sub(neg(reduceMean(logSoftmax(logits, 1), [1])), Math.log(logits.size(1)));
    return add(surprise, mul(sum, 1 / told.length));
  },
});
