/** Intervals of figures by the bootstrap, which always reach to the figure that they belong to. */
import {
  metrics,
  metricVector,
  pairedDifference,
  percentileInterval,
  type MetricName,
  type MetricVector,
} from "oal-core";
import type { MetricIntervals } from "./result.js";

/**
 * The 95 % interval of a metric: its own of the resampled values, and from there to the value itself.
 *
 * FPR@95 jumps where equal scores make a diagonal of the ROC curve: the reference drops the points on it and takes the diagonal's end,
 * while a resample, in which the counts are uneven, keeps them. All resamples may lie on one side of the value then.
 */
export function intervalOf(metric: MetricName, value: number, resampled: Float64Array): [number, number] {
  const { interval = percentileInterval } = metrics.find(metric);
  return reaching(interval(resampled), value);
}

/** {@link intervalOf} of every metric. */
export function intervalsOf(
  values: MetricVector,
  resampled: (metric: MetricName) => Float64Array,
): MetricIntervals {
  return metricVector((metric) => intervalOf(metric, values[metric] ?? NaN, resampled(metric)));
}

/** The paired difference of two resampled figures; its interval reaches to the difference of the figures. */
export function differenceInterval(
  difference: number,
  first: Float64Array,
  second: Float64Array,
): { readonly interval: [number, number]; readonly p: number } {
  const { interval, p } = pairedDifference(first, second);
  return { interval: reaching(interval, difference), p };
}

function reaching([low, high]: readonly [number, number], value: number): [number, number] {
  return [Math.min(low, value), Math.max(high, value)];
}
