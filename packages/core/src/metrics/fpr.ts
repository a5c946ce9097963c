/**
 * False positive rate at a recall, in both directions of the field. OpenOOD: OOD is positive (`fpr95`, the share of ID
 * rejected when 95 % of OOD is rejected). ODIN and the energy paper: ID is positive (`fpr95Id`, the share of OOD
 * accepted when 95 % of ID is accepted). They differ by points and are never mixed.
 */
import { defineMetric } from "./metric.js";
import { expectArguments, kinds } from "../errors/index.js";
import { Counter, countScores, rank, type Counts } from "./ranking.js";

/** The side whose recall is fixed. */
export type Positive = "ood" | "id";

/** An operating point of a ROC curve. */
export interface OperatingPoint {
  /** Fraction in [0, 1] of the negative side counted as positive. */
  readonly rate: number;
  /** Index into the counts' arrays of the confidence at which the point lies. */
  readonly index: number;
}

const aSide = kinds.oneOf(["ood", "id"] satisfies Positive[]);
const someCounts = kinds.fields({
  length: kinds.count,
  id: kinds.numbers,
  ood: kinds.numbers,
  idTotal: kinds.number,
  oodTotal: kinds.number,
});

/**
 * The false positive rate at the first ROC point with recall >= `recall`, without interpolation.
 *
 * @param counts  samples per confidence
 * @param positive  the positive class
 * @param recall  fraction in (0, 1]; compared with TP/P in double precision
 * @param dropCollinear  drop interior points whose second differences of both counts are zero, as scikit-learn does; it
 *   can only raise the rate, and does so only on diagonal stretches made by ties. Default true, the reference's behaviour.
 * @source Jingkang50/OpenOOD openood/evaluators/metrics.py on scikit-learn 1.2.1 roc_curve
 */
export function fprAtRecall(
  counts: Counts,
  positive: Positive,
  recall = 0.95,
  dropCollinear = true,
): OperatingPoint {
  expectArguments("fprAtRecall", {
    counts: [counts, someCounts],
    positive: [positive, aSide],
    recall: [recall, kinds.fraction],
  });
  const { length } = counts;
  const hits = positive === "ood" ? counts.ood : counts.id;
  const misses = positive === "ood" ? counts.id : counts.ood;
  const hitTotal = positive === "ood" ? counts.oodTotal : counts.idTotal;
  const missTotal = positive === "ood" ? counts.idTotal : counts.oodTotal;
  const step = positive === "ood" ? 1 : -1; // OOD first: ascending confidence
  let truePositives = 0;
  let falsePositives = 0;
  for (let k = 0, i = positive === "ood" ? 0 : length - 1; k < length; k++, i += step) {
    const hit = hits[i] ?? 0;
    const miss = misses[i] ?? 0;
    truePositives += hit;
    falsePositives += miss;
    if (truePositives / hitTotal < recall) continue;
    const interior = k > 0 && k < length - 1;
    if (dropCollinear && interior && hits[i + step] === hit && misses[i + step] === miss) continue;
    return { rate: falsePositives / missTotal, index: i };
  }
  return { rate: 1, index: step > 0 ? length - 1 : 0 };
}

/**
 * FPR@95 in OpenOOD's sense: the share of ID samples rejected at the first threshold that rejects >= 95 % of the OOD samples.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns fraction in [0, 1], smaller is better
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @example fpr95([3, 2], [1, 0])   // 0
 */
export function fpr95(id: ArrayLike<number>, ood: ArrayLike<number>): number {
  expectArguments("fpr95", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
  return fprAtRecall(countScores(id, ood, "fpr95"), "ood").rate;
}

/**
 * FPR@95 in ODIN's sense: the share of OOD samples accepted at the first threshold that accepts >= 95 % of the ID samples.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns the fraction, and the confidence at which it is reached (accept when confidence >= threshold)
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 */
export function fpr95Id(id: ArrayLike<number>, ood: ArrayLike<number>): { rate: number; threshold: number } {
  expectArguments("fpr95Id", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
  const ranking = rank(id, ood, "fpr95Id");
  const counts = new Counter(ranking).count();
  const { rate, index } = fprAtRecall(counts, "id");
  return { rate, threshold: ranking.values[counts.position[index] ?? 0] ?? 0 };
}

/** {@link fpr95} as a metric of results. */
export const fpr95Metric = defineMetric({
  id: "fpr95",
  title: "FPR@95",
  meaning: "share of known images rejected when 95 % of the unknown ones are (OpenOOD's sense)",
  higherIsBetter: false,
  compute: (counts) => fprAtRecall(counts, "ood").rate,
});

/** {@link fpr95Id} as a metric of results. */
export const fpr95IdMetric = defineMetric({
  id: "fpr95Id",
  title: "FPR@95 (ID pos.)",
  meaning: "share of unknown images accepted when 95 % of the known ones are",
  higherIsBetter: false,
  headline: false,
  compute: (counts) => fprAtRecall(counts, "id").rate,
});
