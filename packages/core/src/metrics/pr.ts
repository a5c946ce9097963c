/**
 * Area under the precision-recall curve by trapezoids over all distinct confidences plus the end point (recall 0,
 * precision 1): linear interpolation as in OpenOOD, not average precision. Constant scores give (1 + prevalence) / 2.
 */
import { areasOf } from "./areas.js";
import { defineMetric } from "./metric.js";
import { expectArguments } from "../errors/index.js";
import { countScores, someScores, type Scores } from "./ranking.js";

/**
 * AUPR with ID as the positive class, decision value = confidence.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns fraction in [0, 1]
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source Jingkang50/OpenOOD openood/evaluators/metrics.py, auc(recall, precision)
 */
export function auprIn(id: Scores, ood: Scores): number {
  expectArguments("auprIn", { id: [id, someScores], ood: [ood, someScores] });
  return areasOf(countScores(id, ood, "auprIn")).auprIn;
}

/** AUPR with OOD as the positive class, decision value = -confidence. Otherwise as `auprIn`. */
export function auprOut(id: Scores, ood: Scores): number {
  expectArguments("auprOut", { id: [id, someScores], ood: [ood, someScores] });
  return areasOf(countScores(id, ood, "auprOut")).auprOut;
}

/** {@link auprIn} as a metric of results. */
export const auprInMetric = defineMetric({
  id: "auprIn",
  title: "AUPR-in",
  meaning: "area under precision and recall with known images as positives",
  higherIsBetter: true,
  headline: false,
  compute: (counts) => areasOf(counts).auprIn,
});

/** {@link auprOut} as a metric of results. */
export const auprOutMetric = defineMetric({
  id: "auprOut",
  title: "AUPR-out",
  meaning: "area under precision and recall with unknown images as positives",
  higherIsBetter: true,
  headline: false,
  compute: (counts) => areasOf(counts).auprOut,
});
