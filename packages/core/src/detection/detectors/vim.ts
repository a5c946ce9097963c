/** Energy minus a virtual logit: the norm of a feature outside the principal subspace. */
import { oalError } from "../../errors/index.js";
import { mul, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { floats } from "../fitting/statistics.js";
import { integer } from "../parameters.js";
import { fitResidual, leastOutside, meanOutside, residualNorm } from "../residual.js";
import { headEnergy } from "../shaping.js";

/**
 * ViM: log Σ exp(z) - α ||R (f - u)||, with u = -W^+ b, R the directions beyond the D principal ones of the training features around u,
 * and α = mean max_c z_c / mean ||R (f - u)||, so that the virtual logit is as large as the others on average.
 *
 * @cost 2 D d per image, D d numbers
 * @source Wang et al. 2022, "ViM: Out-of-Distribution with Virtual-logit Matching"
 */
export const vim = defineDetector({
  id: "vim",
  title: "Virtual-logit matching",
  aliases: ["virtualLogitMatching"],
  needs: ["features", "head"],
  source: "Wang et al. 2022",
  formula: "log Σ_c exp(z_c) - α ||R(f-u)||",
  cost: "2 D d; D d numbers",
  notes: [
    "OpenOOD as in the paper, by a general eigen-solver, which may return complex pairs; the subspace is the same.",
    "pytorch-ood takes half of the features where D exceeds them, and in some versions clips logits to ±100; here D is at most half of the features unless given.",
    "With as many dimensions as features nothing is left outside: OpenOOD gives NaN, here it is refused.",
    "With 1,024 features or more, D axes come by block subspace iteration where they and a reserve (half as many, at least 64) are at most half of the features; otherwise the whole matrix is decomposed: for 2,048 features 13 s for 256 axes against 78 s.",
  ],
  parameters: {
    dimensions: integer({
      min: 1,
      default: 256,
      featureShare: 0.5,
      search: [256, 1000],
      description: "D, how many principal directions count as known",
      reason: "OpenOOD's, half of a ResNet-18's 512 features; half of the features where there are fewer",
    }),
  },
  fit: {
    on: "train",
    needs: ["features", "logits"],
    tensors: ["origin", "axes", "alpha"],
    async run(streams, { dimensions }) {
      const found = await fitResidual("vim", streams, streams.head(), dimensions);
      const mean = await meanOutside(streams, found);
      // What is left of float32 features is rounding where the axes span all of them.
      if (!(mean.outside > leastOutside * Math.abs(mean.largest)))
        throw oalError("OAL-E292", {
          detector: "vim",
          problem: `the training features have no part outside their first ${dimensions} principal directions`,
        });
      return { ...found.tensors, alpha: floats([1], [mean.largest / mean.outside]) };
    },
  },
  score: (_graph, { features, head, fitted }) =>
    sub(headEnergy(head, features), mul(residualNorm(features, fitted), fitted.alpha)),
});
