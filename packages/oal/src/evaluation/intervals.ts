/**
 * Intervals of figures and of their differences, which always reach to the figure that they belong to: by the bootstrap over images for
 * one seed; over several seeds by the seeds themselves, and by the bootstrap what all of them have in common.
 */
import {
  metrics,
  metricVector,
  pairedDifference,
  percentileInterval,
  seedInterval,
  standardError,
  studentQuantile,
  twoSidedP,
  type MetricName,
  type MetricVector,
} from "oal-core";
import type { MetricIntervals } from "./result.js";

/** Where intervals over seeds are so wide that readers are told why. */
const enoughSeeds = 6;

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

/** A difference's interval and p value. */
export interface DifferenceInterval {
  readonly interval: [number, number];
  /** Two-sided. */
  readonly p: number;
  /** Every resample has the difference's sign, and p is that of its standard error: the resamples alone show no p below 2 / (B + 1). */
  readonly beyond?: true;
  /** Degrees of freedom of Student's t, where the seeds' spread is the measure. */
  readonly degrees?: number;
}

/**
 * The paired difference of two resampled figures of one seed; its interval reaches to the difference of the figures.
 *
 * Where every resample has one sign, the bootstrap says no more of p than that it is at most 2 / (B + 1), which no correction for
 * dozens of comparisons survives. Its standard error says more, by the normal distribution's tail; though never less than the sign
 * test can: that so many images speak for one side has a p of 2^(1 - images).
 *
 * @param images  the fewest images of any side of the comparison
 */
export function differenceInterval(
  difference: number,
  first: Float64Array,
  second: Float64Array,
  images: number,
): DifferenceInterval {
  const paired = pairedDifference(first, second);
  const found = { interval: reaching(paired.interval, difference), p: paired.p };
  const least = 2 / (first.length + 1);
  const differences = first.map((value, b) => value - (second[b] ?? NaN));
  const distance = (difference * Math.sign(differences[0] ?? 0)) / standardError(differences);
  if (found.p > least || !(distance > 0)) return found;
  const p = smallP(twoSidedP(distance), least, images);
  return p < least ? { ...found, p, beyond: true } : found;
}

/** A p value below what resamples show, but not below what so many images can. */
function smallP(p: number, least: number, images: number): number {
  return p < least ? Math.min(least, Math.max(p, 2 ** (1 - images))) : p;
}

/**
 * The 95 % interval of a metric's mean over seeds; of one seed that of {@link intervalOf}.
 *
 * @param values  one per seed
 * @param resampled  over images, [B] per seed
 * @source docs/decisions/0048
 */
export function intervalOverSeeds(
  metric: MetricName,
  values: readonly number[],
  resampled: readonly Float64Array[],
): [number, number] {
  const [only = new Float64Array()] = resampled;
  if (values.length === 1) return intervalOf(metric, values[0] ?? NaN, only);
  const { interval } = seedInterval(
    values,
    commonInterval(values, resampled, (mean, means) => intervalOf(metric, mean, means)),
  );
  return within(interval, 0, 1);
}

/**
 * The paired difference of two models over seeds; of one seed that of {@link differenceInterval}.
 *
 * @param bySeed  one difference per seed
 * @param first  resampled over images, [B] per seed  @param second  of the same resamples
 * @param images  the fewest images of any side of the comparison
 * @source docs/decisions/0048
 */
export function differenceOverSeeds(
  bySeed: readonly number[],
  first: readonly Float64Array[],
  second: readonly Float64Array[],
  images: number,
): DifferenceInterval {
  const [one = new Float64Array()] = first;
  const [other = new Float64Array()] = second;
  if (bySeed.length === 1) return differenceInterval(bySeed[0] ?? NaN, one, other, images);
  const resampled = first.map((values, s) => values.map((value, b) => value - (second[s]?.[b] ?? NaN)));
  const { interval, p } = seedInterval(
    bySeed,
    commonInterval(bySeed, resampled, (mean, means) => reaching(percentileInterval(means), mean)),
  );
  return {
    interval: within(interval, -1, 1),
    p: smallP(p, 2 / (one.length + 1), images),
    degrees: bySeed.length - 1,
  };
}

/**
 * What an interval over so few seeds is, as a sentence.
 *
 * @param degrees  degrees of freedom; undefined for one seed
 * @returns null where there are seeds enough, or one
 */
export function fewSeedsSentence(degrees: number | undefined): string | null {
  if (degrees === undefined || degrees + 1 >= enoughSeeds) return null;
  const [seeds, reach] = [degrees + 1, studentQuantile(0.95, degrees).toFixed(1)];
  return `${seeds} seeds: their intervals and p values are by Student's t, ${reach} standard errors to either side where many seeds need 2.0; more seeds make them narrower`;
}

/**
 * The interval, over images, of what the seeds' values have in common. Images that every seed is measured on push all seeds one way,
 * which the seeds' own spread does not show; what images do to one seed alone is in that spread already. Of the interval of the mean over
 * fixed seeds the first part is kept: it is narrowed by the root of the share of the variance that is the covariance between seeds.
 */
function commonInterval(
  values: readonly number[],
  resampled: readonly Float64Array[],
  intervalOfMean: (mean: number, means: Float64Array) => readonly [number, number],
): [number, number] {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const means = new Float64Array(resampled[0]?.length ?? 0).map(
    (_, b) => resampled.reduce((sum, each) => sum + (each[b] ?? NaN), 0) / n,
  );
  const ofMean = standardError(means) ** 2;
  const ofOne = resampled.reduce((sum, each) => sum + standardError(each) ** 2, 0) / n;
  const covariance = (n * ofMean - ofOne) / (n - 1);
  const share = ofMean > 0 ? Math.sqrt(Math.min(1, Math.max(0, covariance / ofMean))) : 0;
  const [low, high] = intervalOfMean(mean, means);
  return [mean - share * (mean - low), mean + share * (high - mean)];
}

function reaching([low, high]: readonly [number, number], value: number): [number, number] {
  return [Math.min(low, value), Math.max(high, value)];
}

function within([low, high]: readonly [number, number], least: number, most: number): [number, number] {
  return [Math.max(least, low), Math.min(most, high)];
}
