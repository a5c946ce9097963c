/** Mean distance to the decision boundaries of the last layer, relative to the distance from the training data. */
import { abs, div, float32Data, gather, argMax, mul, reduceMax, reduceSum, sub } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { floats, meanRow } from "../fitting/statistics.js";
import { flag } from "../parameters.js";
import { rowNorm } from "../shaping.js";

/**
 * fDBD: Σ_c |z_c - z_a| / ||W_c - W_a|| for the predicted class a, divided by ||f - mean training feature|| (`centred`) or by ||f||.
 *
 * @source Liu and Qin 2024, "Fast Decision Boundary based Out-of-Distribution Detector"; the choice of divisor is OpenOOD's
 */
export const fdbd = defineDetector({
  id: "fdbd",
  title: "Distance to decision boundaries",
  aliases: ["decisionBoundaries"],
  needs: ["features", "logits", "head"],
  source: "Liu and Qin 2024",
  formula: "Σ_c |z_c - z_a| / ||W_c - W_a|| / ||f - mean f||",
  cost: "C + d; C² + d numbers",
  notes: [
    "Dividing by ||f|| instead, and choosing by search, are OpenOOD's additions; its sum is not divided by C - 1 as the paper's mean is.",
    "pytorch-ood takes the paper's mean, whose ranks are those of the sum.",
    "Classes of equal weights have no boundary between them: OpenOOD divides by 0 there, here they count as 0.",
  ],
  parameters: {
    centred: flag({
      default: true,
      search: [true, false],
      description: "whether features are measured from the mean training feature, or from 0",
      reason: "the paper's choice, and OpenOOD's default",
    }),
  },
  fitReads: [],
  fit: {
    on: "train",
    needs: ["features"],
    tensors: ["mean", "inverse"],
    async run(streams) {
      const { weight } = streams.head();
      const [classes = 0, width = 0] = weight.shape;
      const numbers = float32Data(weight);
      const inverse = new Float64Array(classes * classes).fill(1);
      for (let a = 0; a < classes; a++)
        for (let c = 0; c < classes; c++) {
          let squares = 0;
          for (let j = 0; j < width; j++)
            squares += ((numbers[a * width + j] ?? 0) - (numbers[c * width + j] ?? 0)) ** 2;
          // Classes of equal weights have no boundary between them: their logits differ by a constant that says nothing.
          if (a !== c) inverse[a * classes + c] = squares > 0 ? 1 / Math.sqrt(squares) : 0;
        }
      const mean = await meanRow(streams, "features");
      return { mean: floats([1, width], mean), inverse: floats([classes, classes], inverse) };
    },
  },
  score(_graph, { features, logits, fitted }, { centred }) {
    const scales = gather(fitted.inverse, argMax(logits, 1), 0);
    const distances = mul(abs(sub(logits, reduceMax(logits, [1], true))), scales);
    return div(reduceSum(distances, [1]), rowNorm(centred ? sub(features, fitted.mean) : features));
  },
});
