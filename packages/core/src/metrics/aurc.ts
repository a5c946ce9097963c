/** Area under the risk-coverage curve of selective prediction, and its excess over the best possible order. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { assertPaired } from "./ranking.js";
import { ordered } from "./sorting.js";

/**
 * AURC = (1/N) sum_k r_k, r_k the expected error rate among the k most confident samples; tied samples count as in a random order.
 * E-AURC = AURC - (r + (1 - r) ln(1 - r)) with the overall error rate r (r = 1: AURC - 1).
 *
 * @param confidence  [N], higher = answered first
 * @param error  [N], 1 where the answer is wrong. ID samples only: misclassified; with OOD samples: every one of them
 * @returns fractions in [0, 1], smaller is better
 * @throws OAL-E101 (NaN), OAL-E102 (no sample)
 * @cost O(N log N)
 * @source PROTOCOL section 9; Geifman et al. 2019 for E-AURC
 */
export function aurc(
  confidence: ArrayLike<number>,
  error: ArrayLike<number>,
): { aurc: number; excess: number } {
  expectArguments("aurc", { confidence: [confidence, kinds.numbers], error: [error, kinds.numbers] });
  assertPaired("aurc", confidence, error);
  const n = confidence.length;
  if (n === 0) throw oalError("OAL-E102", { metric: "aurc", side: "ID" });
  const { values, samples } = ordered(confidence, "aurc");
  values.reverse();
  samples.reverse();
  let errors = 0;
  let area = 0;
  for (let start = 0; start < n;) {
    let end = start;
    let groupErrors = 0;
    while (end < n && values[end] === values[start]) {
      if ((error[samples[end] ?? 0] ?? 0) !== 0) groupErrors++;
      end++;
    }
    for (let k = start; k < end; k++) {
      area += (errors + (groupErrors * (k - start + 1)) / (end - start)) / (k + 1);
    }
    errors += groupErrors;
    start = end;
  }
  const risk = errors / n;
  const best = risk === 1 ? 1 : risk + (1 - risk) * Math.log1p(-risk);
  return { aurc: area / n, excess: area / n - best };
}
