/** Relation to training images in features and in predictions. */
import {
  add,
  cast,
  div,
  gemm,
  greater,
  mul,
  pow,
  reduceSum,
  relu,
  reshape,
  slice,
  softmax,
  sqrt,
} from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { rowOf, softmaxRow } from "../fitting/statistics.js";
import { real } from "../parameters.js";

/** Products up to here count as none. */
const cut = 0.03;

/**
 * Relation: Σ_i r_i^power over all training images with r_i > 0.03, where r_i = max(0, f~ · f~_i) (p · p_i), f~ = f / sqrt(Σ f² + 1e-10)
 * and p the softmax. Values within rounding of 0.03 may fall on either side.
 *
 * @cost N (d + C) per image, as many numbers
 * @source Kim et al. 2023, "Neural Relation Graph: A Unified Framework for Identifying Label Noise and Outlier Data"
 */
export const relation = defineDetector({
  id: "relation",
  title: "Neural relation graph",
  aliases: ["relationGraph"],
  jumps: true,
  needs: ["features", "logits"],
  source: "Kim et al. 2023",
  formula: "Σ_i (max(0, f̃·f̃_i) p·p_i)^power",
  cost: "N (d + C); as many numbers",
  notes: [
    "OpenOOD as in the paper. Relations within rounding of 0.03 may fall on either side.",
    "Not in pytorch-ood.",
  ],
  parameters: {
    power: real({
      above: 0,
      default: 1,
      search: [1, 2, 4, 6, 8],
      description: "the power of a relation; large ones look at the nearest images only",
      reason: "OpenOOD's",
    }),
  },
  fitReads: [],
  bank: {
    on: "train",
    needs: ["features", "logits"],
    rows({ taps: { features, logits }, count }) {
      const width = features.data.length / Math.max(1, count);
      const classes = logits.data.length / Math.max(1, count);
      const rows = new Float32Array(count * (width + classes));
      for (let i = 0; i < count; i++) {
        const feature = rowOf(features, i);
        let squares = 0;
        for (const value of feature) squares += value * value;
        const norm = Math.sqrt(squares + 1e-10);
        const from = i * (width + classes);
        feature.forEach((value, j) => (rows[from + j] = value / norm));
        rows.set(softmaxRow(rowOf(logits, i)), from + width);
      }
      return { shape: [count, width + classes], data: rows };
    },
    partial(_graph, { features, logits }, rows, { power }) {
      const [count = 0, width = 0] = rows.shape;
      const size = features.size(1);
      const norm = sqrt(add(reduceSum(mul(features, features), [1], true), 1e-10));
      const likeness = gemm(div(features, norm), slice(rows, [0, 0], [count, size], [0, 1]), null, {
        transB: true,
      });
      const agreement = gemm(softmax(logits, 1), slice(rows, [0, size], [count, width], [0, 1]), null, {
        transB: true,
      });
      const relations = mul(relu(likeness), agreement);
      const kept = mul(relations, cast(greater(relations, cut), "float32"));
      return reduceSum(power === 1 ? kept : pow(kept, power), [1], true);
    },
    merge: (_graph, sums) => reduceSum(sums, [1], true),
    score: (_graph, { features }, sums) => reshape(reduceSum(sums, [1]), [features.dims[0] ?? 0]),
  },
});
