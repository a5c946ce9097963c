/**
 * Area under the precision-recall curve by trapezoids over all distinct confidences plus the end point (recall 0,
 * precision 1): linear interpolation as in OpenOOD, not average precision. Constant scores give (1 + prevalence) / 2.
 */
import { defineMetric } from "./metric.js";
import { expectArguments, kinds } from "../errors/index.js";
import type { Positive } from "./fpr.js";
import { countScores, type Counts } from "./ranking.js";

/** AUPR of counts; see `auprIn` and `auprOut`. */
export function auprOfCounts(counts: Counts, positive: Positive): number {
  const hits = positive === "ood" ? counts.ood : counts.id;
  const misses = positive === "ood" ? counts.id : counts.ood;
  const total = positive === "ood" ? counts.oodTotal : counts.idTotal;
  const step = positive === "ood" ? 1 : -1;
  let truePositives = 0;
  let all = 0;
  let precision = 1;
  let area = 0;
  for (let k = 0, i = step > 0 ? 0 : counts.length - 1; k < counts.length; k++, i += step) {
    const hit = hits[i] ?? 0;
    truePositives += hit;
    all += hit + (misses[i] ?? 0);
    const next = truePositives / all;
    area += (hit * (precision + next)) / 2;
    precision = next;
  }
  return area / total;
}

/**
 * AUPR with ID as the positive class, decision value = confidence.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns fraction in [0, 1]
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source Jingkang50/OpenOOD openood/evaluators/metrics.py, auc(recall, precision)
 */
export function auprIn(id: ArrayLike<number>, ood: ArrayLike<number>): number {
  expectArguments("auprIn", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
  return auprOfCounts(countScores(id, ood, "auprIn"), "id");
}

/** AUPR with OOD as the positive class, decision value = -confidence. Otherwise as `auprIn`. */
export function auprOut(id: ArrayLike<number>, ood: ArrayLike<number>): number {
  expectArguments("auprOut", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
  return auprOfCounts(countScores(id, ood, "auprOut"), "ood");
}

/** {@link auprIn} as a metric of results. */
export const auprInMetric = defineMetric({
  id: "auprIn",
  title: "AUPR-in",
  meaning: "area under precision and recall with known images as positives",
  higherIsBetter: true,
  headline: false,
  compute: (counts) => auprOfCounts(counts, "id"),
});

/** {@link auprOut} as a metric of results. */
export const auprOutMetric = defineMetric({
  id: "auprOut",
  title: "AUPR-out",
  meaning: "area under precision and recall with unknown images as positives",
  higherIsBetter: true,
  headline: false,
  compute: (counts) => auprOfCounts(counts, "ood"),
});
