/** The likeness to the nearest class, or the confidence that it is divided by, on pictures that are moved towards what they are called. */
import { add, mul, reduceMax, reduceSum, reshape, type Value } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { calledClasses, gradientOf, signOf } from "../inputGradient.js";
import { choice, list, real } from "../parameters.js";
import { noiseScale } from "./odin.js";

/**
 * Generalised ODIN: max_c h_c(x'), x' = x + ε sign(∂ max_c h_c/∂x) / std, or g(x'). h and g are the heads "numerator" and "denominator", whose
 * quotient the class scores are. sign(0) is 1.
 *
 * @cost two forward passes and a backward one; one where ε is 0
 * @source Hsu et al. 2020, "Generalized ODIN: Detecting Out-of-distribution Image without Learning from Out-of-distribution Data"
 */
export const godin = defineDetector({
  id: "godin",
  title: "Generalised ODIN",
  aliases: ["generalisedOdin"],
  jumps: true,
  needs: ["images", "heads.numerator", "heads.denominator"],
  source: "Hsu et al. 2020",
  formula: "max_c h_c(x + ε sign(∂ max h/∂x)/std), or g there",
  cost: "two forward passes and a backward one; no numbers",
  notes: [
    "Only models that training method gOdin trained have the heads.",
    "OpenOOD takes the largest softmax of h in place of the largest h, whose ranks differ where several classes are near.",
    "The paper chooses ε by known validation pictures alone: the one that makes their mean score largest.",
    "Not in pytorch-ood.",
  ],
  parameters: {
    score: choice({
      options: ["h", "g"],
      default: "h",
      search: ["h", "g"],
      description: "what is the score: the largest likeness h, or the confidence g",
      reason: "the better one in the paper, and OpenOOD's",
    }),
    noise: real({
      min: 0,
      default: 0.0025,
      search: [0, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08],
      description: "ε, how far a pixel moves, in shares of the whole range of levels",
      reason: "OpenOOD's, the smallest of the paper's that moves anything",
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
  },
  score(
    graph,
    { images, "heads.numerator": numerator, "heads.denominator": denominator },
    { score, noise, std },
  ) {
    const confidence = (h: Value, g: Value): Value =>
      score === "g" ? reshape(g, [g.dims[0] ?? 1]) : reduceMax(h, [1]);
    if (noise === 0) return confidence(numerator, denominator);
    const largest = reduceSum(mul(numerator, calledClasses(numerator)), [1]);
    const sign = signOf(gradientOf(largest, images.input));
    const there = images.at(add(images.input, mul(mul(sign, noiseScale(graph, images, std)), noise)));
    return confidence(there(numerator), there(denominator));
  },
});
