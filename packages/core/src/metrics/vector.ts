/** The five detection metrics of one comparison, together: what tables, intervals and differences are made of. */
import { expectArguments, kinds } from "../errors/index.js";
import { fprAtRecall } from "./fpr.js";
import { auprOfCounts } from "./pr.js";
import { countScores, type Counts } from "./ranking.js";
import { aurocOfCounts } from "./roc.js";

/** Names of the metrics of a vector, in their fixed order. */
export const metricNames = ["fpr95", "auroc", "auprIn", "auprOut", "fpr95Id"] as const;

/** Name of one metric of a vector. */
export type MetricName = (typeof metricNames)[number];

/** Fractions in [0, 1]. `fpr95`: OOD positive (OpenOOD); `fpr95Id`: ID positive. */
export type MetricVector = Record<MetricName, number>;

/** The metric vector of counts. */
export function metricsOfCounts(counts: Counts): MetricVector {
  return {
    fpr95: fprAtRecall(counts, "ood").rate,
    auroc: aurocOfCounts(counts),
    auprIn: auprOfCounts(counts, "id"),
    auprOut: auprOfCounts(counts, "ood"),
    fpr95Id: fprAtRecall(counts, "id").rate,
  };
}

/**
 * All five metrics of ID against OOD confidences with one sort.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source PROTOCOL section 5
 */
export function detectionMetrics(id: ArrayLike<number>, ood: ArrayLike<number>): MetricVector {
  expectArguments("detectionMetrics", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
  return metricsOfCounts(countScores(id, ood, "detection metrics"));
}

/** A metric vector made by a function of the metric's name. */
export function metricVector<T>(make: (metric: MetricName) => T): Record<MetricName, T> {
  expectArguments("metricVector", { make: [make, kinds.callback] });
  return {
    fpr95: make("fpr95"),
    auroc: make("auroc"),
    auprIn: make("auprIn"),
    auprOut: make("auprOut"),
    fpr95Id: make("fpr95Id"),
  };
}

const aVector = kinds.fields(metricVector(() => kinds.number));

/** Unweighted mean of metric vectors (near and far means: every set counts alike). At least one. */
export function meanMetrics(vectors: readonly MetricVector[]): MetricVector {
  expectArguments("meanMetrics", { vectors: [vectors, kinds.listOf(aVector)] });
  return metricVector((metric) => vectors.reduce((sum, vector) => sum + vector[metric], 0) / vectors.length);
}
