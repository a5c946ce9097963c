/** Energy of a last layer of which only the weights that contribute most are kept. */
import { gemm, float32Data } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { floats, meanRow, percentile } from "../fitting/statistics.js";
import { real } from "../parameters.js";
import { energyOf } from "../shaping.js";

/**
 * DICE: log Σ exp((W * M) f + b), M keeps the weights whose contribution m_i W_ci lies above a percentile of all of them, m the mean
 * training feature.
 *
 * @source Sun and Li 2022, "DICE: Leveraging Sparsification for Out-of-Distribution Detection"
 */
export const dice = defineDetector({
  id: "dice",
  title: "Directed sparsification",
  assumesPositive: true,
  needs: ["features", "head"],
  source: "Sun and Li 2022",
  formula: "log Σ exp((W∘M) f + b)",
  cost: "C d; C d numbers",
  notes: [
    "OpenOOD computes the paper's formula, but builds the mask once and never again, so that a search of its percentile changes nothing there; here every value has its own mask.",
    "pytorch-ood computes the same, with a percentile that must be given.",
  ],
  parameters: {
    percentile: real({
      min: 0,
      below: 100,
      default: 90,
      description: "the share of weights that is left out, in per cent",
      reason: "the paper's choice for CIFAR-10, and OpenOOD's",
    }),
  },
  fit: {
    on: "train",
    needs: ["features"],
    tensors: ["weight"],
    async run(streams, { percentile: q }) {
      const { weight } = streams.head();
      const mean = Float32Array.from(await meanRow(streams, "features"));
      const numbers = float32Data(weight);
      const contribution = numbers.map((w, i) => w * (mean[i % mean.length] ?? 0));
      const cut = percentile(contribution.slice().sort(), q);
      return {
        weight: floats(
          weight.shape,
          numbers.map((w, i) => ((contribution[i] ?? 0) > cut ? w : 0)),
        ),
      };
    },
  },
  score: (_graph, { features, head, fitted }) =>
    energyOf(gemm(features, fitted.weight, head.bias, { transB: true })),
});
