/** ODIN with a single moved element. */
import { abs, div, mul, reduceMax, softmax, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { atLargest, calledLossGradient, signOf } from "../inputGradient.js";
import { noiseScale, perturbation } from "./odin.js";

/**
 * i-ODIN: as `odin`, but only the one element of the input (channel, row, column) with the largest |dL/dx| moves.
 *
 * @cost two forward passes and a backward one
 * @source OpenOOD's own variant of Liang et al. 2018
 */
export const iodin = defineDetector({
  id: "iodin",
  title: "ODIN of one element",
  jumps: true,
  needs: ["images", "logits"],
  source: "OpenOOD, after Liang et al. 2018",
  formula: "max_c softmax(z(x - ε sign(g_k) e_k / std) / T)_c, k = argmax |g|",
  cost: "two forward passes and a backward one; no numbers",
  notes: ["OpenOOD's own; of equal gradients the first element moves.", "Not in pytorch-ood."],
  parameters: perturbation,
  score(graph, { images, logits }, { temperature, noise, std }) {
    const gradient = calledLossGradient(images, logits, temperature);
    const sign = mul(signOf(gradient), atLargest(abs(gradient)));
    const step = mul(mul(sign, noiseScale(graph, images, std)), noise);
    const there = images.at(sub(images.input, step))(logits);
    return reduceMax(softmax(div(there, temperature), 1), [1]);
  },
});
