/** Divergence from the nearest of the typical distributions of the classes. */
import {
  cast,
  div,
  gemm,
  greater,
  logSoftmax,
  mul,
  reduceMax,
  reduceSum,
  softmax,
  sub,
  where,
} from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { eachImage, firstLargest, floats, rowOf, softmaxRow } from "../fitting/statistics.js";
import { fromLargest } from "../shaping.js";

/**
 * KLM: -min_c KL(p || q_c), at most 0, where q_c is the mean softmax of the validation images that are called c; the one-hot vector of
 * c where none is. All c are compared, not only the one that is called. 0 log 0 is 0; where p gives something to a class that q_c
 * excludes, the divergence from q_c is infinite.
 *
 * @source Hendrycks et al. 2022, "Scaling Out-of-Distribution Detection for Real-World Settings", in OpenOOD's form
 */
export const klm = defineDetector({
  id: "klm",
  title: "KL matching",
  aliases: ["klMatching"],
  needs: ["logits"],
  source: "Hendrycks et al. 2022",
  formula: "-min_c KL(p || q_c)",
  cost: "C²; C² numbers",
  notes: [
    "OpenOOD groups validation pictures by the predicted class and compares with all classes, of which the nearest counts; as far as known the paper does the same. pytorch-ood groups by label and compares with the predicted class only.",
    "A class that no validation picture is called has its one-hot vector as typical distribution. Where a picture gives a probability to a class that a distribution excludes, the divergence from that one is infinite.",
  ],
  parameters: {},
  version: 2,
  fit: {
    on: "validation",
    needs: ["logits"],
    tensors: ["logTypical", "excluded"],
    async run(streams) {
      const { classes } = streams;
      const counts = new Int32Array(classes);
      const sums = new Float64Array(classes * classes);
      await eachImage(streams, ({ taps: { logits } }, i) => {
        const p = softmaxRow(rowOf(logits, i));
        const called = firstLargest(p);
        counts[called] = (counts[called] ?? 0) + 1;
        for (let j = 0; j < classes; j++)
          sums[called * classes + j] = (sums[called * classes + j] ?? 0) + (p[j] ?? 0);
      });
      const logs = new Float64Array(classes * classes);
      const excluded = new Float64Array(classes * classes);
      for (let c = 0; c < classes; c++) {
        const count = counts[c] ?? 0;
        const row = Array.from({ length: classes }, (_, j) =>
          count > 0 ? Math.fround((sums[c * classes + j] ?? 0) / count) : j === c ? 1 : 0,
        );
        const total = row.reduce((sum, q) => sum + q, 0);
        row.forEach((q, j) => {
          if (q > 0) logs[c * classes + j] = Math.log(q / total);
          else excluded[c * classes + j] = 1;
        });
      }
      return {
        logTypical: floats([classes, classes], logs),
        excluded: floats([classes, classes], excluded),
      };
    },
  },
  score(_graph, { logits, fitted }) {
    const z = fromLargest(logits);
    const raw = softmax(z, 1);
    const p = div(raw, reduceSum(raw, [1], true));
    const own = reduceSum(mul(p, logSoftmax(z, 1)), [1], true);
    const within = sub(gemm(p, fitted.logTypical, null, { transB: true }), own);
    const has = cast(greater(p, 0), "float32");
    const outside = greater(gemm(has, fitted.excluded, null, { transB: true }), 0);
    return reduceMax(where(outside, -Infinity, within), [1]);
  },
});
