/** The registry of detection metrics, and all of them of one comparison together: what tables, intervals and differences are made of. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { Registry } from "../registry.js";
import { fpr95IdMetric, fpr95Metric } from "./fpr.js";
import type { Metric } from "./metric.js";
import { auprInMetric, auprOutMetric } from "./pr.js";
import { countScores, someScores, type Counts, type Scores } from "./ranking.js";
import { aurocMetric } from "./roc.js";

/** The metrics that every result has, in the order of tables and files. A new one is one file and one word here. */
const standard = [aurocMetric, fpr95Metric, fpr95IdMetric, auprInMetric, auprOutMetric] as const;

/** Id of a metric that is always there. */
type StandardMetric = (typeof standard)[number]["id"];

/** Every metric of results; `register` adds one from outside, before anything is measured. */
export const metrics = new Registry<Metric>("metric", standard);

/** Ids of the metrics that tables show where nothing else is asked for, and that models are compared by. */
export function headlineMetrics(): MetricName[] {
  return metrics.all.filter(({ headline = true }) => headline).map(({ id }) => id);
}

/** Id of a metric. */
export type MetricName = string;

/** Something per metric; those that are always there are known by name. */
export type PerMetric<T> = Readonly<Record<StandardMetric, T>> & Readonly<Record<string, T>>;

/** Fractions in [0, 1]. `fpr95`: OOD positive (OpenOOD); `fpr95Id`: ID positive. */
export type MetricVector = PerMetric<number>;

/** The metric vector of counts. */
export function metricsOfCounts(counts: Counts): MetricVector {
  const values: Record<string, number> = {};
  for (const metric of metrics.all) values[metric.id] = metric.compute(counts);
  if (!hasStandard(values)) throw oalError("OAL-X101", { problem: "a standard metric is missing" });
  return values;
}

/**
 * All metrics of ID against OOD confidences with one sort; `sortScores` spares that of ID samples that are compared with several sets.
 *
 * @param id  ID confidences [m]  @param ood  OOD confidences [n]
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source PROTOCOL section 5
 */
export function detectionMetrics(id: Scores, ood: Scores): MetricVector {
  expectArguments("detectionMetrics", { id: [id, someScores], ood: [ood, someScores] });
  return metricsOfCounts(countScores(id, ood, "detection metrics"));
}

/** Something per registered metric, made by a function of the metric's id. */
export function metricVector<T>(make: (metric: MetricName) => T): PerMetric<T> {
  expectArguments("metricVector", { make: [make, kinds.callback] });
  const record = Object.fromEntries(metrics.ids.map((id) => [id, make(id)]));
  if (!hasStandard(record)) throw oalError("OAL-X101", { problem: "a standard metric is missing" });
  return record;
}

function hasStandard<T>(record: Readonly<Record<string, T>>): record is PerMetric<T> {
  return standard.every(({ id }) => id in record);
}

/** Unweighted mean of metric vectors (near and far means: every set counts alike). At least one. */
export function meanMetrics(vectors: readonly MetricVector[]): MetricVector {
  const aVector = kinds.fields(Object.fromEntries(standard.map(({ id }) => [id, kinds.number])));
  expectArguments("meanMetrics", { vectors: [vectors, kinds.listOf(aVector)] });
  return metricVector(
    (metric) => vectors.reduce((sum, vector) => sum + (vector[metric] ?? NaN), 0) / vectors.length,
  );
}
