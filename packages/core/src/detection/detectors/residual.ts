/** Norm of a feature outside the principal subspace. */
import { neg } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { choice, integer } from "../parameters.js";
import { expectOutside, fitResidual, residualNorm } from "../residual.js";

/**
 * Residual: -||R (f - u)||, at most 0: the part of `vim` that needs no logits.
 *
 * @cost 2 D d per image, D d numbers
 * @source Wang et al. 2022, "ViM: Out-of-Distribution with Virtual-logit Matching", its ablation; OpenOOD fits it on validation images
 */
export const residual = defineDetector({
  id: "residual",
  title: "Residual",
  needs: ["features", "head"],
  source: "Wang et al. 2022",
  formula: "-||R(f-u)||",
  cost: "2 D d; D d numbers",
  notes: [
    "OpenOOD fits it on validation pictures, the paper on training pictures (variant: paper).",
    "What it is fitted on lies nearer to the subspace than new pictures do, the more so the fewer there are: a cut that the same validation pictures calibrate is then too high, which a run warns of. With no more pictures than dimensions nothing of them is outside, and it is refused.",
    "Not among the detectors that pytorch-ood exports.",
    "OpenOOD takes 512 dimensions of 512 features too. With as many dimensions as features nothing is left outside, and every picture has the same score; here it is refused, and the default is half of the features.",
    "With 1,024 features or more, D axes come by block subspace iteration where they and a reserve (half as many, at least 64) are at most half of the features; otherwise the whole matrix is decomposed: for 2,048 features 13 s for 256 axes against 78 s.",
  ],
  parameters: {
    dimensions: integer({
      min: 1,
      default: 512,
      featureShare: 0.5,
      description: "D, how many principal directions count as known",
      reason: "OpenOOD's, for 2,048 features; half of the features where there are fewer than 1,024",
    }),
    variant: choice({
      options: ["openood", "paper"],
      default: "openood",
      description: "fitted on the validation images (openood) or on the training images (paper)",
      reason: "tables of the field are made with OpenOOD's",
    }),
  },
  fit: {
    on: ({ variant }) => (variant === "paper" ? "train" : "validation"),
    needs: ["features"],
    tensors: ["origin", "axes"],
    async run(streams, { dimensions }) {
      const found = await fitResidual("residual", streams, streams.head(), dimensions);
      await expectOutside("residual", streams, found);
      return found.tensors;
    },
  },
  score: (_graph, { features, fitted }) => neg(residualNorm(features, fitted)),
});
