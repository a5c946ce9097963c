/** ROC curve and the area under it. */
import { areasOf } from "./areas.js";
import { defineMetric } from "./metric.js";
import { expectArguments, kinds } from "../errors/index.js";
import type { Positive } from "./fpr.js";
import { countScores, someScores, type Scores } from "./ranking.js";

/** Points of a ROC curve from (0, 0) to (1, 1). */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** Confidence at each point; the first point, which counts nothing as positive, has the infinity of its direction. */
  readonly threshold: Float64Array;
}

/**
 * The ROC curve, collinear interior points dropped (second differences of both counts zero).
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @param positive  the positive class; default "ood", OpenOOD's
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source scikit-learn 1.2.1 roc_curve(drop_intermediate=True)
 */
export function rocCurve(id: Scores, ood: Scores, positive: Positive = "ood"): RocCurve {
  expectArguments("rocCurve", {
    id: [id, someScores],
    ood: [ood, someScores],
    positive: [positive, kinds.oneOf(["ood", "id"])],
  });
  const counts = countScores(id, ood, "roc");
  const { length, values } = counts;
  const ofOod = positive === "ood";
  const [hitsUpTo, missesUpTo] = ofOod ? [counts.oodUpTo, counts.idUpTo] : [counts.idUpTo, counts.oodUpTo];
  const [hits, misses] = ofOod ? [counts.oodTotal, counts.idTotal] : [counts.idTotal, counts.oodTotal];
  const points: [number, number, number][] = [[0, 0, ofOod ? -Infinity : Infinity]];
  /** Positives behind the k-th step: from the lowest confidence up for OOD, from the highest down for ID. */
  const behind = (upTo: Int32Array, total: number, k: number): number =>
    k < 0 ? 0 : ofOod ? (upTo[k] ?? 0) : total - (upTo[length - 2 - k] ?? 0);
  const isStraight = (upTo: Int32Array, total: number, k: number): boolean =>
    behind(upTo, total, k + 1) - behind(upTo, total, k) ===
    behind(upTo, total, k) - behind(upTo, total, k - 1);
  for (let k = 0; k < length; k++) {
    const interior = k > 0 && k < length - 1;
    if (interior && isStraight(hitsUpTo, hits, k) && isStraight(missesUpTo, misses, k)) continue;
    const value = values[ofOod ? k : length - 1 - k] ?? 0;
    points.push([behind(missesUpTo, misses, k), behind(hitsUpTo, hits, k), value]);
  }
  return {
    falsePositiveRate: Float64Array.from(points, (point) => point[0] / misses),
    truePositiveRate: Float64Array.from(points, (point) => point[1] / hits),
    threshold: Float64Array.from(points, (point) => point[2]),
  };
}

/**
 * Area under the ROC curve: P(ID confidence > OOD confidence) + P(equal) / 2. The same for either positive class.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns fraction in [0, 1]; 0.5 for scores that tell nothing
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @example auroc([1], [1])   // 0.5
 */
export function auroc(id: Scores, ood: Scores): number {
  expectArguments("auroc", { id: [id, someScores], ood: [ood, someScores] });
  return areasOf(countScores(id, ood, "auroc")).auroc;
}

/** {@link auroc} as a metric of results. */
export const aurocMetric = defineMetric({
  id: "auroc",
  title: "AUROC",
  meaning: "chance that a known image scores above an unknown one; 50 is guessing",
  higherIsBetter: true,
  compute: (counts) => areasOf(counts).auroc,
});
