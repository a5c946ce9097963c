/** Energy of features cut off above. */
import { minimum } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { elementPercentiles } from "../fitting/elementPercentiles.js";
import { floats } from "../fitting/statistics.js";
import { choice, real } from "../parameters.js";
import { headEnergy } from "../shaping.js";

/**
 * ReAct: log Σ exp(W min(f, t) + b), t the percentile of all elements of the ID features.
 *
 * @source Sun et al. 2021, "ReAct: Out-of-distribution Detection With Rectified Activations"; OpenOOD takes the percentile over
 *   validation images, the paper over training images
 */
export const react = defineDetector({
  id: "react",
  title: "Rectified activations",
  aliases: ["rectifiedActivations"],
  assumesPositive: true,
  needs: ["features", "head"],
  source: "Sun et al. 2021",
  formula: "log Σ exp(W min(f, t) + b)",
  cost: "C d; one number",
  notes: [
    "OpenOOD takes the percentile over validation pictures, the paper over training pictures (variant: paper).",
    "pytorch-ood cuts the maps before pooling at the 90th percentile of their elements over training pictures, in earlier versions at 1 whatever the features are.",
  ],
  parameters: {
    percentile: real({
      min: 0,
      max: 100,
      default: 90,
      search: [85, 90, 95, 99],
      description: "the percentile of the features' elements that is the cut t",
      reason: "the paper's choice, and OpenOOD's",
    }),
    variant: choice({
      options: ["openood", "paper"],
      default: "openood",
      description: "the percentile over validation images (openood) or over training images (paper)",
      reason: "tables of the field are made with OpenOOD's",
    }),
  },
  fit: {
    on: ({ variant }) => (variant === "paper" ? "train" : "validation"),
    needs: ["features"],
    tensors: ["threshold"],
    async run(streams, { percentile: q }) {
      return { threshold: floats([1], await elementPercentiles(streams, "features", [q])) };
    },
  },
  score: (_graph, { features, head, fitted }) => headEnergy(head, minimum(features, fitted.threshold)),
});
