/**
 * False positive rate at a recall, in both directions of the field. OpenOOD: OOD is positive (`fpr95`, the share of ID
 * rejected when 95 % of OOD is rejected). ODIN and the energy paper: ID is positive (`fpr95Id`, the share of OOD
 * accepted when 95 % of ID is accepted). They differ by points and are never mixed.
 */
import { defineMetric } from "./metric.js";
import { expectArguments, kinds } from "../errors/index.js";
import { countScores, someScores, type Counts, type Scores } from "./ranking.js";

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
  idUpTo: kinds.numbers,
  oodUpTo: kinds.numbers,
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
  const ofOod = positive === "ood"; // OOD first: ascending confidence
  const [hitsUpTo, missesUpTo] = ofOod ? [counts.oodUpTo, counts.idUpTo] : [counts.idUpTo, counts.oodUpTo];
  const [hits, misses] = ofOod ? [counts.oodTotal, counts.idTotal] : [counts.idTotal, counts.oodTotal];
  const needed = leastHits(recall, hits);
  const step = ofOod ? 1 : -1;
  let at = ofOod ? firstAtLeast(hitsUpTo, length, needed) : firstAtLeast(hitsUpTo, length, hits - needed + 1); // the last entry below which no more hits may be left
  const isDropped = (i: number): boolean =>
    i > 0 &&
    i < length - 1 &&
    samplesAt(hitsUpTo, i + step) === samplesAt(hitsUpTo, i) &&
    samplesAt(missesUpTo, i + step) === samplesAt(missesUpTo, i);
  while (dropCollinear && isDropped(at)) at += step;
  const passed = ofOod ? (missesUpTo[at] ?? 0) : misses - (missesUpTo[at - 1] ?? 0);
  return { rate: passed / misses, index: at };
}

/** Samples of one entry. */
function samplesAt(upTo: Int32Array, i: number): number {
  return (upTo[i] ?? 0) - (upTo[i - 1] ?? 0);
}

/** The first entry up to which there are at least so many samples; the last where there is none. */
function firstAtLeast(upTo: Int32Array, length: number, samples: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((upTo[middle] ?? 0) < samples) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest number of hits whose share, a quotient of doubles, reaches a recall. */
function leastHits(recall: number, total: number): number {
  let hits = Math.ceil(recall * total);
  while (hits > 0 && (hits - 1) / total >= recall) hits--;
  while (hits / total < recall) hits++;
  return hits;
}

/**
 * FPR@95 in OpenOOD's sense: the share of ID samples rejected at the first threshold that rejects >= 95 % of the OOD samples.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns fraction in [0, 1], smaller is better
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @example fpr95([3, 2], [1, 0])   // 0
 */
export function fpr95(id: Scores, ood: Scores): number {
  expectArguments("fpr95", { id: [id, someScores], ood: [ood, someScores] });
  return fprAtRecall(countScores(id, ood, "fpr95"), "ood").rate;
}

/**
 * FPR@95 in ODIN's sense: the share of OOD samples accepted at the first threshold that accepts >= 95 % of the ID samples.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @returns the fraction, and the confidence at which it is reached (accept when confidence >= threshold)
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 */
export function fpr95Id(id: Scores, ood: Scores): { rate: number; threshold: number } {
  expectArguments("fpr95Id", { id: [id, someScores], ood: [ood, someScores] });
  const counts = countScores(id, ood, "fpr95Id");
  const { rate, index } = fprAtRecall(counts, "id");
  return { rate, threshold: counts.values[index] ?? 0 };
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
