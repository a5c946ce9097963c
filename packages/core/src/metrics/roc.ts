/** ROC curve and the area under it. */
import { defineMetric } from "./metric.js";
import { expectArguments, kinds } from "../errors/index.js";
import type { Positive } from "./fpr.js";
import { Counter, countScores, rank, type Counts } from "./ranking.js";

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
export function rocCurve(
  id: ArrayLike<number>,
  ood: ArrayLike<number>,
  positive: Positive = "ood",
): RocCurve {
  expectArguments("rocCurve", {
    id: [id, kinds.numbers],
    ood: [ood, kinds.numbers],
    positive: [positive, kinds.oneOf(["ood", "id"])],
  });
  const ranking = rank(id, ood, "roc");
  const counts = new Counter(ranking).count();
  const hits = positive === "ood" ? counts.ood : counts.id;
  const misses = positive === "ood" ? counts.id : counts.ood;
  const step = positive === "ood" ? 1 : -1;
  const points: [number, number, number][] = [[0, 0, -step * Infinity]];
  let truePositives = 0;
  let falsePositives = 0;
  const last = counts.length - 1;
  for (let k = 0, i = step > 0 ? 0 : last; k <= last; k++, i += step) {
    truePositives += hits[i] ?? 0;
    falsePositives += misses[i] ?? 0;
    if (k > 0 && k < last && hits[i] === hits[i + step] && misses[i] === misses[i + step]) continue;
    points.push([falsePositives, truePositives, ranking.values[counts.position[i] ?? 0] ?? 0]);
  }
  return {
    falsePositiveRate: Float64Array.from(points, (point) => point[0] / falsePositives),
    truePositiveRate: Float64Array.from(points, (point) => point[1] / truePositives),
    threshold: Float64Array.from(points, (point) => point[2]),
  };
}

/** AUROC of counts: P(ID > OOD) + P(equal) / 2. */
export function aurocOfCounts(counts: Counts): number {
  let below = 0;
  let pairs = 0;
  for (let i = 0; i < counts.length; i++) {
    const ood = counts.ood[i] ?? 0;
    pairs += (counts.id[i] ?? 0) * (below + ood / 2);
    below += ood;
  }
  return pairs / (counts.idTotal * counts.oodTotal);
}

/**
 * Area under the ROC curve: P(ID confidence > OOD confidence) + P(equal) / 2. The same for either positive class.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns fraction in [0, 1]; 0.5 for scores that tell nothing
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @example auroc([1], [1])   // 0.5
 */
export function auroc(id: ArrayLike<number>, ood: ArrayLike<number>): number {
  expectArguments("auroc", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
  return aurocOfCounts(countScores(id, ood, "auroc"));
}

/** {@link auroc} as a metric of results. */
export const aurocMetric = defineMetric({
  id: "auroc",
  title: "AUROC",
  meaning: "chance that a known image scores above an unknown one; 50 is guessing",
  higherIsBetter: true,
  compute: aurocOfCounts,
});
