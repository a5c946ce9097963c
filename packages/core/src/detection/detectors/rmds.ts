/** Mahalanobis distance to the nearest class, relative to the distance to all of the training data. */
import { add, mul, neg, reduceMax, reduceSum, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { whitening } from "../fitting/linearAlgebra.js";
import { floats, meanRow, spreadOf } from "../fitting/statistics.js";
import { fitClassGaussians, rankRemarks, squaredDistances, whitened } from "../gaussians.js";

/**
 * RMDS: max_c [ -(f - μ_c)^T Σ^+ (f - μ_c) + (f - μ_0)^T Σ_0^+ (f - μ_0) ]: `mds` minus the same for one Gaussian of all training
 * features, both covariances divided by N.
 *
 * @cost 2 d² + C d per image (`mds`, and as much again for the background), as many numbers
 * @source Ren et al. 2021, "A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection"
 */
export const rmds = defineDetector({
  id: "rmds",
  title: "Relative Mahalanobis distance",
  aliases: ["relativeMahalanobis"],
  needs: ["features"],
  source: "Ren et al. 2021",
  formula: "max_c [-(f-μ_c)ᵀ Σ⁺ (f-μ_c)] + (f-μ₀)ᵀ Σ₀⁺ (f-μ₀)",
  cost: "2 d² + C d; 2 d² + C d numbers",
  notes: [
    "OpenOOD computes the paper's formula, both covariances divided by N, with pseudo-inverses.",
    "pytorch-ood divides neither the background's covariance nor that of the classes by N, and adds 1e-6 to their diagonals.",
    "Dead and duplicate features make both covariances singular, and a plain inverse of them fails: directions without any spread are left out.",
    "A class without training pictures gives NaN in OpenOOD, an error here.",
  ],
  parameters: {},
  fit: {
    on: "train",
    labelled: true,
    needs: ["features"],
    tensors: ["centre", "whitening", "means", "background", "middle"],
    async run(streams) {
      const classes = await fitClassGaussians("rmds", streams);
      const mean = await meanRow(streams, "features");
      const middle = Float32Array.from(mean);
      const { count, width, data } = await whitening(
        await spreadOf(streams, { centre: () => middle, centred: true }),
        streams.algebra,
      );
      return {
        ...classes,
        background: floats([count, width], data),
        middle: floats([1, width], middle),
      };
    },
    remarks: (fitted) => [
      ...rankRemarks(fitted.whitening, "the covariance of the features around their classes"),
      ...rankRemarks(fitted.background, "the covariance of all features"),
    ],
  },
  score(_graph, { features, fitted }) {
    const around = whitened(sub(features, fitted.middle), fitted.background);
    const background = reduceSum(mul(around, around), [1]);
    return add(reduceMax(neg(squaredDistances(features, fitted)), [1]), background);
  },
});
