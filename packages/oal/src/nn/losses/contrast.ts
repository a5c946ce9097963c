/** Contrast between rows of one class, with further rows that belong to none. */
import {
  add,
  concat,
  div,
  float32Tensor,
  logSumExp,
  matmul,
  maximum,
  mul,
  neg,
  reduceMean,
  reduceSum,
  sqrt,
  sub,
  transpose,
  type Value,
} from "oal-core";

/** What the logarithm of a row's likeness to itself becomes, so that it is left out of the sum. */
const leftOut = -1e4;

/** How the contrast weighs. */
export interface ContrastOptions {
  /** What cosines are divided by, > 0. */
  readonly temperature: number;
  /** How often every outlier counts in the denominator, > 0. */
  readonly outlierShare: number;
}

/**
 * Supervised contrast with outliers as negatives, for rows u_i of length 1 with labels and outliers w_j of length 1:
 *
 *   -(1/n) Σ_i (1/|S(i)|) Σ_{p in S(i)} ln [ e^{u_i·u_p/τ} / ( Σ_{a≠i} e^{u_i·u_a/τ} + g Σ_j e^{u_i·w_j/τ} ) ]
 *
 * S(i) are the other rows of i's class; a row without any counts 0. Mixed labels weigh their pairs by the product of their shares.
 *
 * @param rows float32 [n, D], of any length; brought to length 1
 * @param labels float32 [n, C], one-hot or mixed
 * @param outliers float32 [m, D], of any length
 * @source Khosla et al. 2020 (arXiv 2004.11362), equation 2, with outliers in the denominator; METHOD 10.4 E3
 */
export function outlierContrastLoss(
  rows: Value,
  labels: Value,
  outliers: Value,
  { temperature, outlierShare }: ContrastOptions,
): Value {
  const count = rows.size(0);
  const { graph } = rows;
  const square = (at: (same: boolean) => number): Value =>
    graph.constant(
      float32Tensor(
        [count, count],
        Float32Array.from({ length: count * count }, (_, i) => at(Math.floor(i / count) === i % count)),
      ),
    );
  const own = unitRows(rows);
  const likeness = mul(matmul(own, transpose(own, [1, 0])), 1 / temperature);
  const toOutliers = mul(matmul(own, transpose(unitRows(outliers), [1, 0])), 1 / temperature);
  const others = add(
    likeness,
    square((same) => (same ? leftOut : 0)),
  );
  const all = concat([others, add(toOutliers, Math.log(outlierShare))], 1);
  const pairs = mul(
    matmul(labels, transpose(labels, [1, 0])),
    square((same) => (same ? 0 : 1)),
  );
  const gain = reduceSum(mul(pairs, sub(likeness, logSumExp(all, [1], true))), [1]);
  return neg(reduceMean(div(gain, maximum(reduceSum(pairs, [1]), 1e-6)), [0]));
}

/** Rows of length 1. */
function unitRows(rows: Value): Value {
  return div(rows, sqrt(add(reduceSum(mul(rows, rows), [1], true), 1e-12)));
}
