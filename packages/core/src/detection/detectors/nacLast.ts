/** How much of the states of the penultimate features training images have covered. */
import { float32Data, matmul, mul, softmax, sub } from "../../graph/index.js";
import {
  binOf,
  binsOf,
  coverageDraw,
  coverageLayer,
  coverageNotes,
  coverageParameters,
  coverageScore,
  CoverageCounts,
} from "../activationCoverage.js";
import { defineDetector } from "../detector.js";
import { eachImage, rowOf, softmaxRow } from "../fitting/statistics.js";

/**
 * NAC of the penultimate features alone: the gradient of D(u||p) by them is W^T (p - 1/C), so that stored outputs are enough.
 *
 * @cost C d; M d numbers
 * @source Liu et al. 2024, with the layer that the authors' configuration names where nothing else is asked for
 */
export const nacLast = defineDetector({
  id: "nac_last",
  title: "Neuron activation coverage of the features",
  version: 2,
  jumps: true,
  aliases: ["nacLast"],
  needs: ["features", "logits", "head"],
  source: "Liu et al. 2024; not in OpenOOD",
  formula: "mean over i of min(n(bin of σ(α f_i (Wᵀ(p - 1/C))_i)) / O, 1)",
  cost: "C d; M d numbers",
  notes: [
    "Written after the paper and the authors' published code; there is no reference value to compare with, so that results are ours.",
    ...coverageNotes,
    "One layer of the four that the authors' rows of the board use (nac): cheaper, and weaker against far unknowns in their ablation.",
    "pytorch-ood has it as its detector of several layers (nac) with this one alone: 50 bins, narrow near 0 and 1, a steepness of 100, and 50 pictures that fill a bin.",
  ],
  parameters: coverageParameters(1, true),
  fit: {
    on: "train",
    labelled: true,
    needs: ["features", "logits"],
    draws: coverageDraw,
    tensors: ["coverage"],
    async run(streams, values) {
      const { weight: matrix } = streams.head();
      const [classes = 1, width = 0] = matrix.shape;
      const weight = float32Data(matrix);
      const layer = coverageLayer(values, 0, streams.count);
      const counts = new CoverageCounts(
        [layer],
        Array.from({ length: width }, () => 0),
        streams.count,
      );
      const bins = new Float64Array(width);
      await eachImage(streams, ({ taps: { features, logits } }, i) => {
        const p = softmaxRow(rowOf(logits, i));
        const f = rowOf(features, i);
        for (let j = 0; j < width; j++) {
          let gradient = 0;
          for (let c = 0; c < classes; c++)
            gradient += (weight[c * width + j] ?? 0) * ((p[c] ?? 0) - 1 / classes);
          bins[j] = binOf((f[j] ?? 0) * gradient, layer);
        }
        counts.add(bins);
      });
      return { coverage: counts.coverage("nac_last") };
    },
  },
  score(_graph, { features, logits, head, fitted }, values) {
    const gradient = matmul(sub(softmax(logits, 1), 1 / logits.size(1)), head.weight);
    const layer = coverageLayer(values, 0);
    return coverageScore([binsOf(mul(features, gradient), layer)], [layer], fitted.coverage);
  },
});
