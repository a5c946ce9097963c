/** Softmax at a high temperature, on pictures that are moved towards what they are called. */
import { div, mul, reduceMax, softmax, sub, type Graph, type Value } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import type { ImagesTap } from "../inputs.js";
import { calledLossGradient, inputSpan, signOf } from "../inputGradient.js";
import { list, real } from "../parameters.js";

/** Parameters that `odin` and `iodin` share. */
export const perturbation = {
  temperature: real({
    above: 0,
    default: 1000,
    search: [1, 10, 100, 1000],
    description: "T, no unit; at 1000 the softmax is nearly flat and its differences are those of the logits",
    reason: "the paper's choice, and OpenOOD's",
  }),
  noise: real({
    min: 0,
    default: 0.0014,
    search: [0.0014, 0.0028],
    description: "ε, how far a pixel moves, in shares of the whole range of levels",
    reason: "the paper's choice for CIFAR-10, and OpenOOD's",
  }),
  std: list({
    of: "real",
    above: 0,
    length: { min: 0, max: 3 },
    default: [],
    description:
      "what a move of each channel is divided by; empty: the deviation of the model's own normalisation",
    reason: "a level is a level in every channel, whatever the model divides by",
  }),
};

/** What a unit of noise is in every channel of the input. */
export function noiseScale(graph: Graph, images: ImagesTap, std: readonly number[]): Value {
  const given = std.length > 0 ? null : inputSpan(graph, images);
  if (given) return given;
  // OpenOOD's 0.5 where it does not know a data set's deviation.
  const inverse = Array.from({ length: 3 }, (_, c) => 1 / (std[c] ?? std.at(-1) ?? 0.5));
  return graph.constant({ dtype: "float32", shape: [1, 3, 1, 1], data: Float32Array.from(inverse) });
}

/**
 * ODIN: max_c softmax(z(x') / T)_c, x' = x - ε sign(dL/dx) / std with L the cross-entropy of z / T against the called class. sign(0) is 1.
 * The gradient is part of the graph, so that the score goes wherever the model goes.
 *
 * @cost two forward passes and a backward one
 * @source Liang et al. 2018, "Enhancing The Reliability of Out-of-distribution Image Detection in Neural Networks"
 */
export const odin = defineDetector({
  id: "odin",
  title: "ODIN",
  jumps: true,
  needs: ["images", "logits"],
  source: "Liang et al. 2018",
  formula: "max_c softmax(z(x - ε sign(∂L/∂x)/std) / T)_c",
  cost: "two forward passes and a backward one; no numbers",
  notes: [
    "pytorch-ood takes minus the scaled logit as loss, sign(0) = 0, no temperature in the last softmax and a noise of 0.05.",
    "OpenOOD divides the noise by the deviation of the known data set, 0.5 where it does not know the set; here by that of the model's normalisation.",
  ],
  parameters: perturbation,
  score(graph, { images, logits }, { temperature, noise, std }) {
    const sign = signOf(calledLossGradient(images, logits, temperature));
    const step = mul(mul(sign, noiseScale(graph, images, std)), noise);
    const there = images.at(sub(images.input, step))(logits);
    return reduceMax(softmax(div(there, temperature), 1), [1]);
  },
});
