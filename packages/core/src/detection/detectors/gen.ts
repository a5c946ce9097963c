/** Generalized entropy of the most probable classes. */
import { mul, neg, pow, reduceSum, relu, softmax, sub, topK } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { integer, real } from "../parameters.js";

/**
 * GEN: -Σ_{i<=M} q_i^γ (1 - q_i)^γ over the M largest probabilities q, at most 0. In float32 like the field's: with γ = 0.1 one step of
 * a saturated probability changes the score by up to 0.19, so that other arithmetic would give other scores.
 *
 * @source Liu et al. 2023, "GEN: Pushing the Limits of Softmax-Based Out-of-Distribution Detection"
 */
export const gen = defineDetector({
  id: "gen",
  title: "Generalized entropy",
  aliases: ["generalizedEntropy"],
  needs: ["logits"],
  source: "Liu et al. 2023",
  formula: "-Σ_{i<=M} q_i^γ (1-q_i)^γ",
  cost: "C log C; no numbers",
  notes: [
    "OpenOOD as in the paper, in float32: a saturated probability makes the score jump by up to 0.19, and other arithmetic would give other scores.",
    "Later versions of pytorch-ood average instead of summing, over all classes unless told otherwise, and keep probabilities 1e-7 away from 0 and 1.",
  ],
  parameters: {
    gamma: real({
      above: 0,
      default: 0.1,
      search: [0.01, 0.1, 0.5, 1, 2, 5, 10],
      description: "γ, no unit; small values look at how many classes are not quite 0",
      reason: "the paper's choice, and OpenOOD's",
    }),
    largest: integer({
      min: 1,
      default: 100,
      search: [10, 50, 100, 200, 500, 1000],
      description: "M, how many of the most probable classes count; all where there are fewer",
      reason: "the paper's choice for 1,000 classes, and OpenOOD's",
    }),
  },
  score(_graph, { logits }, { gamma, largest }) {
    const p = softmax(logits, 1);
    const classes = p.size(1);
    const q = largest >= classes ? p : topK(p, largest, { axis: 1 }).values;
    return neg(reduceSum(mul(pow(q, gamma), pow(relu(sub(1, q)), gamma)), [1]));
  },
});
