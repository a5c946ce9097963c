/** Mahalanobis distance to the nearest class mean. */
import { neg, reduceMax } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { fitClassGaussians, rankRemarks, squaredDistances } from "../gaussians.js";

/**
 * MDS: -min_c (f - μ_c)^T Σ^+ (f - μ_c), at most 0: class means and one covariance of all training features around their class's mean,
 * divided by N; its pseudo-inverse, because dead and duplicate features make it singular. Of the last layer only and without input
 * noise, as in OpenOOD.
 *
 * @cost d² + C d per image (whitened features), as many numbers
 * @source Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks"
 */
export const mds = defineDetector({
  id: "mds",
  title: "Mahalanobis distance",
  aliases: ["mahalanobis"],
  needs: ["features"],
  source: "Lee et al. 2018",
  formula: "-min_c (f-μ_c)ᵀ Σ⁺ (f-μ_c)",
  cost: "d² + C d; d² + C d numbers",
  notes: [
    "OpenOOD uses the last layer only, without input noise, divided by N, with a pseudo-inverse; the paper adds noise and combines layers.",
    "There is no variant with both: the paper weighs the layers by a regression on unknown or adversarial pictures, and a fit sees known pictures alone.",
    "pytorch-ood adds 1e-6 to the diagonal of the scatter, which it does not divide by N, and halves the distance; it moves the input by 0.002, in newer versions in a detector of its own (MahalanobisODIN).",
    "Dead and duplicate features make the covariance singular, and a plain inverse of it fails: directions without any spread are left out.",
    "A class without training pictures gives NaN in OpenOOD, an error here.",
  ],
  parameters: {},
  fit: {
    on: "train",
    labelled: true,
    needs: ["features"],
    tensors: ["centre", "whitening", "means"],
    run: (streams) => fitClassGaussians("mds", streams),
    remarks: (fitted) => rankRemarks(fitted.whitening, "the covariance of the features"),
  },
  score: (_graph, { features, fitted }) => reduceMax(neg(squaredDistances(features, fitted)), [1]),
});
