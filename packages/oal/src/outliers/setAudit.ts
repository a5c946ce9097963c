/** What a teacher makes of outlier pictures, measured against what it makes of known validation pictures. */
import type { Engine } from "oal-core";
import { innerProducts } from "./boundary/products.js";
import { normaliseRows } from "./boundary/distances.js";
import type { AuditOptions } from "./auditOptions.js";

/** The teacher's outputs on N pictures. */
export interface TeacherView {
  readonly count: number;
  readonly classes: number;
  /** [N, C]. */
  readonly logits: Float32Array;
  readonly featureWidth: number;
  /** [N, D]. */
  readonly features: Float32Array;
}

/** The figures of a source's pictures, and the same of known validation pictures. */
export interface SetFigures {
  readonly count: number;
  /** Mean largest class probability. */
  readonly meanConfidence: number;
  readonly knownMeanConfidence: number;
  /** Share that the teacher is as sure of as of half of the known validation pictures; of known pictures it is a half. */
  readonly sure: number;
  /** Median distance of the teacher's feature to the nearest one of a training picture, 0 to 2 between unit vectors. */
  readonly distance: number;
  readonly knownDistance: number;
  /** Share that is as near to a training picture as half of the known validation pictures are; of known pictures it is a half. */
  readonly near: number;
  /** Share that is both, sure and near: pictures that the teacher takes for known ones. */
  readonly fakes: number;
  /** The same share of the known validation pictures. */
  readonly knownFakes: number;
  /** Known validation pictures. */
  readonly knownCount: number;
  /** Share of pictures left when every picture counts once. */
  readonly distinct: number;
  /** Pictures by largest class probability in ten equal bins, in shares. */
  readonly confidences: readonly number[];
  readonly knownConfidences: readonly number[];
}

/**
 * How sure a teacher is: ln p_y - ln(1 - p_y) of its largest probability p_y, that is z_y - ln sum_{c != y} exp z_c. In the order of p_y,
 * but it still tells apart what float32 rounds to 1.
 *
 * @returns one number per row
 */
export function sureness({
  count,
  classes,
  logits,
}: Pick<TeacherView, "count" | "classes" | "logits">): Float64Array {
  const found = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    let [best, second] = [-1, -1];
    for (let c = 0; c < classes; c++) {
      if (best < 0 || (own[c] ?? 0) > (own[best] ?? 0)) [best, second] = [c, best];
      else if (second < 0 || (own[c] ?? 0) > (own[second] ?? 0)) second = c;
    }
    const top = own[second] ?? 0;
    const rest = own.reduce((sum, value, c) => (c === best ? sum : sum + Math.exp(value - top)), 0);
    found[row] = (own[best] ?? 0) - top - Math.log(rest);
  }
  return found;
}

/** Share of `known` below each of `values`: 0 for one below all, 1 for one above all; a half for ties. @param known in any order */
export function sharesBelow(values: ArrayLike<number>, known: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(known).sort();
  const firstNot = (isBelow: (value: number) => boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(sorted[middle] ?? 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Float64Array.from(
    values,
    (value) =>
      (firstNot((each) => each < value) + firstNot((each) => each <= value)) / 2 / Math.max(1, sorted.length),
  );
}

/** Distance of each row to the nearest of a bank, both divided by their norms: sqrt(2 - 2 cos). */
export async function nearestDistances(
  engine: Engine,
  { count, features, featureWidth }: TeacherView,
  bank: Float32Array,
): Promise<Float64Array> {
  const rows = Math.min(256, Math.max(1, count));
  const columns = bank.length / featureWidth;
  const [unit, all] = [normaliseRows(features, featureWidth).unit, normaliseRows(bank, featureWidth).unit];
  const products = await innerProducts(engine, rows, columns, featureWidth);
  const found = new Float64Array(count);
  try {
    for (let start = 0; start < count; start += rows) {
      const end = Math.min(count, start + rows);
      const values = await products.compute(unit.subarray(start * featureWidth, end * featureWidth), all);
      for (let i = start; i < end; i++) {
        const own = values.subarray((i - start) * columns, (i - start + 1) * columns);
        found[i] = Math.sqrt(Math.max(0, 2 - 2 * own.reduce((most, value) => Math.max(most, value), -1)));
      }
    }
    return found;
  } finally {
    await products.release();
  }
}

/**
 * The figures of a source.
 *
 * @param seen pictures of the source
 * @param known the validation pictures of the known classes
 * @param bank features of training pictures, [B, D]
 * @param distinct how many of the pictures differ from each other
 */
export async function setFigures(
  engine: Engine,
  seen: TeacherView,
  known: TeacherView,
  bank: Float32Array,
  distinct: number,
): Promise<SetFigures> {
  const [own, usual] = [sureness(seen), sureness(known)];
  const [near, usuallyNear] = [
    await nearestDistances(engine, seen, bank),
    await nearestDistances(engine, known, bank),
  ];
  const isSure = (values: Float64Array): boolean[] =>
    Array.from(sharesBelow(values, usual), (share) => share >= 0.5);
  const isNear = (values: Float64Array): boolean[] =>
    Array.from(sharesBelow(values, usuallyNear), (share) => share <= 0.5);
  const both = (a: readonly boolean[], b: readonly boolean[]): boolean[] =>
    a.map((each, i) => each && b[i] === true);
  const [sure, close] = [isSure(own), isNear(near)];
  return {
    count: seen.count,
    meanConfidence: mean(own.map(probability)),
    knownMeanConfidence: mean(usual.map(probability)),
    sure: shareOf(sure),
    distance: median(near),
    knownDistance: median(usuallyNear),
    near: shareOf(close),
    fakes: shareOf(both(sure, close)),
    knownFakes: shareOf(both(isSure(usual), isNear(usuallyNear))),
    knownCount: known.count,
    distinct: distinct / seen.count,
    confidences: histogram(own.map(probability)),
    knownConfidences: histogram(usual.map(probability)),
  };
}

/** One-sided quantile of the normal distribution: what chance exceeds in one of twenty audits. */
const chance = 1.645;

/**
 * Why pictures should not be shown as unknown ones, as the end of a sentence; null: nothing speaks against it. Two dozen pictures say
 * little, so the share of fakes f of n pictures must exceed the limit l = limits.fakes · k, k the share of m known ones, by more than
 * 1.645 √(l (1 - l) / n + limits.fakes² k (1 - k) / m), chance's part of the difference.
 */
export function auditFault(
  {
    fakes,
    knownFakes,
    distinct,
    count,
    knownCount,
  }: Pick<SetFigures, "fakes" | "knownFakes" | "distinct" | "count" | "knownCount">,
  limits: Pick<AuditOptions, "fakes" | "distinct">,
): string | null {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  if (distinct < limits.distinct)
    return `only ${percent(distinct)} of its pictures differ from each other, and ${percent(limits.distinct)} must (audit.distinct)`;
  const limit = Math.min(1, limits.fakes * knownFakes);
  const spread = Math.sqrt(
    (limit * (1 - limit)) / Math.max(1, count) +
      (limits.fakes ** 2 * knownFakes * (1 - knownFakes)) / Math.max(1, knownCount),
  );
  if (fakes > limit + chance * spread)
    return `the teacher takes ${percent(fakes)} of its pictures for known ones: it is as sure of them, and they are as near to a training picture, as half of the known validation pictures, of which ${percent(knownFakes)} are both; ${percent(limit)} may be (audit.fakes), and by chance ${percent(limit + chance * spread)} of ${count} are`;
  return null;
}

const probability = (odds: number): number => 1 / (1 + Math.exp(-odds));

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2;
}

function shareOf(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length / Math.max(1, flags.length);
}

function histogram(values: Float64Array): readonly number[] {
  const bins = Array.from({ length: 10 }, () => 0);
  for (const value of values) {
    const bin = Math.min(9, Math.floor(10 * value));
    bins[bin] = (bins[bin] ?? 0) + 1 / values.length;
  }
  return bins;
}
