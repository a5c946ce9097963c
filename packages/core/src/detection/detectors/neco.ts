/** Share of a feature in the principal subspace of ID features: neural collapse. */
import { div, gemm, maximum, mul, reduceMax, sub } from "../../graph/index.js";
import { oalError } from "../../errors/index.js";
import { defineDetector } from "../detector.js";
import { principalAxes } from "../fitting/linearAlgebra.js";
import { eachImage, floats, meanRow, rowOf, spreadOf } from "../fitting/statistics.js";
import { flag, integer } from "../parameters.js";
import { rowNorm } from "../shaping.js";

/**
 * NECO: ||P (x - centre)|| / ||x|| times max_c z_c. x is the feature, standardised by the training mean and deviation (a dead feature's
 * deviation counts as 1) if `standardize`; P are the D principal axes of the training x around their mean.
 *
 * Not in OpenOOD; the published equation is ||P h|| / ||h|| without centring, the standardisation is that of the authors' code as far as
 * known.
 *
 * @cost d D per image, as many numbers
 * @source Ben Ammar et al. 2024, "NECO: NEural Collapse Based Out-of-distribution detection"
 */
export const neco = defineDetector({
  id: "neco",
  title: "Neural collapse subspace",
  version: 2,
  aliases: ["neuralCollapseSubspace"],
  needs: ["features", "logits"],
  source: "Ben Ammar et al. 2024",
  formula: "||P(x-centre)|| / ||x|| · max_c z_c",
  cost: "d D; d D numbers",
  notes: [
    "Not in OpenOOD. The published equation has no centring; the standardisation is that of the authors' code as far as known.",
    "pytorch-ood computes the same, with D = 100 or as many as the features are where they are fewer.",
    "A dead feature's deviation counts as 1, so that it stays 0, and directions in which training features have no spread are no axes.",
    "With D of as many as the features all of a standardised feature lies in the subspace: the share tells nothing. So many, or more, are refused.",
  ],
  parameters: {
    dimensions: integer({
      min: 1,
      default: 100,
      beyondClasses: -1,
      featureShare: 0.5,
      description: "D, how many principal axes span the subspace",
      reason:
        "the paper takes from about C - 1 upward, so C - 1 with more than 101 classes C; at most half of the features",
    }),
    standardize: flag({
      default: true,
      description: "whether features are standardised first",
      reason: "the authors' code, as far as known",
    }),
    maxLogit: flag({
      default: true,
      description: "whether the share is multiplied by the largest logit",
      reason: "the paper's choice for all models but DeiT",
    }),
  },
  fitReads: ["dimensions", "standardize"],
  fit: {
    on: "train",
    needs: ["features"],
    tensors: ["mean", "deviation", "centre", "axes"],
    async run(streams, { dimensions, standardize }) {
      const mean = await meanRow(streams, "features");
      const width = mean.length;
      if (dimensions >= width)
        throw oalError("OAL-E291", {
          detector: "neco",
          parameter: "dimensions",
          value: dimensions,
          features: width,
        });
      const squares = new Float64Array(width);
      await eachImage(streams, ({ taps: { features } }, i) => {
        const row = rowOf(features, i);
        for (let j = 0; j < width; j++)
          squares[j] = (squares[j] ?? 0) + ((row[j] ?? 0) - (mean[j] ?? 0)) ** 2;
      });
      const deviation = squares.map((sum) =>
        standardize && sum > 0 ? Math.sqrt(sum / Math.max(1, streams.count)) : 1,
      );
      const { vectors: axes } = await principalAxes(
        await spreadOf(streams, { centre: () => mean, centred: true, scale: deviation }),
        streams.algebra,
        dimensions,
      );
      return {
        mean: floats([1, width], standardize ? mean : new Float64Array(width)),
        deviation: floats([1, width], deviation),
        centre: floats([1, width], standardize ? new Float64Array(width) : mean),
        axes: floats([axes.count, width], axes.data),
      };
    },
  },
  score(_graph, { features, logits, fitted }, { maxLogit }) {
    const x = div(sub(features, fitted.mean), fitted.deviation);
    const inside = rowNorm(gemm(sub(x, fitted.centre), fitted.axes, null, { transB: true }));
    const share = div(inside, maximum(rowNorm(x), 1e-30));
    return maxLogit ? mul(share, reduceMax(logits, [1])) : share;
  },
});
