/**
 * Stratified percentile bootstrap of the detection metrics. Every row (detector or model) is resampled with the same
 * indices, so differences of rows are paired; one ID resample is shared by all OOD sets, so near and far means are
 * resampled correctly. The scores are ordered once, the ID samples once for all sets; a resample says how often each sample was drawn,
 * for all rows, and is a recount along each row's order.
 */
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import { Random } from "../random/index.js";
import { assertPaired, assertSides, Counter, mergeOrders } from "./ranking.js";
import { ordered } from "./sorting.js";
import { metrics, metricsOfCounts, type MetricName } from "./vector.js";
import { quantileOf } from "./quantile.js";

/** One row's confidences: the ID samples, and the samples of every OOD set. All rows score the same samples. */
export interface BootstrapRow {
  readonly id: ArrayLike<number>;
  readonly ood: readonly ArrayLike<number>[];
}

/** Where resampling indices come from. */
export interface ResampleSource {
  readonly resamples: number;
  /** Indices of ID samples of resample b, as many as there are samples. Valid until the next call. */
  id(b: number): ArrayLike<number>;
  /** Indices of samples of an OOD set of resample b. Valid until the next call for that set. */
  ood(set: number, b: number): ArrayLike<number>;
}

const aRandom = kind("a Random", (value) => value instanceof Random);
const aRow = kinds.fields({ id: kinds.numbers, ood: kinds.listOf(kinds.numbers) });
const aSource = kinds.fields({ resamples: kinds.count, id: kinds.callback, ood: kinds.callback });

/**
 * Indices drawn uniformly with replacement from a counter-based stream: the same for every call with the same arguments.
 *
 * @param random  its seed is the bootstrap's seed, to be printed with the result
 * @param resamples  B; 2000 is the protocol's
 * @param idCount  m  @param oodCounts  n per OOD set
 */
export function drawResamples(
  random: Random,
  resamples: number,
  idCount: number,
  oodCounts: readonly number[],
): ResampleSource {
  expectArguments("drawResamples", {
    random: [random, aRandom],
    resamples: [resamples, kinds.count],
    idCount: [idCount, kinds.count],
    oodCounts: [oodCounts, kinds.sizes],
  });
  const stream = (name: string, count: number): ((b: number) => Uint32Array) => {
    const own = random.derive(name);
    const indices = new Uint32Array(count);
    return (b) => own.quickIndices(b, count, count, indices);
  };
  const id = stream("id", idCount);
  const ood = oodCounts.map((count, set) => stream(`ood/${set}`, count));
  return { resamples, id, ood: (set, b) => ood[set]?.(b) ?? new Uint32Array(0) };
}

/**
 * The resampled metrics of all rows and sets.
 *
 * @example
 * const halves = new BootstrapSamples(2, 1, ["auroc"], Float64Array.of(0.5, 0.7)); // one row, one set; `bootstrap` makes them of scores
 * halves.metric(0, 0, "auroc"); // Float64Array [0.5, 0.7]
 */
export class BootstrapSamples {
  readonly resamples: number;
  readonly #sets: number;
  readonly #metrics: readonly MetricName[];
  readonly #values: Float64Array;

  /** Use `bootstrap`. @param values  [rows, sets, metrics, resamples] flat */
  constructor(resamples: number, sets: number, names: readonly MetricName[], values: Float64Array) {
    this.resamples = resamples;
    this.#sets = sets;
    this.#metrics = names;
    this.#values = values;
  }

  /** The resampled values [B] of a metric of a row on one OOD set. */
  metric(row: number, set: number, metric: MetricName): Float64Array {
    const names = this.#metrics;
    const at = (row * this.#sets + set) * names.length + names.indexOf(metric);
    return this.#values.subarray(at * this.resamples, (at + 1) * this.resamples);
  }

  /** The resampled values [B] of the unweighted mean of a metric over several OOD sets. */
  mean(row: number, sets: readonly number[], metric: MetricName): Float64Array {
    const sum = new Float64Array(this.resamples);
    for (const set of sets) {
      const values = this.metric(row, set, metric);
      for (let b = 0; b < sum.length; b++) sum[b] = (sum[b] ?? 0) + (values[b] ?? 0) / sets.length;
    }
    return sum;
  }
}

/**
 * Computes the metric vector of every row, OOD set and resample.
 *
 * @param rows  confidences on the same samples
 * @param source  resampling indices
 * @throws OAL-E101 (NaN), OAL-E102 (empty side), OAL-E104 (rows of different lengths)
 * @cost B · rows · sets · (m + n) steps: about 9 ns of a core each (measured), so 9 s for 2,000 resamples of two rows of 163,000 scores
 * @source PROTOCOL section 9
 */
export function bootstrap(rows: readonly BootstrapRow[], source: ResampleSource): BootstrapSamples {
  expectArguments("bootstrap", { rows: [rows, kinds.listOf(aRow)], source: [source, aSource] });
  const steps = resampling(rows, source);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * {@link bootstrap} resample by resample, for programs that have other things to do meanwhile: every step is one resample, and what the
 * last returns are all of them.
 *
 * @throws as `bootstrap`, with the first step
 * @example
 * const steps = bootstrapSteps(rows, source);
 * let step = steps.next();
 * while (!step.done) step = steps.next(); // here others may have their turn
 * step.value.metric(0, 0, "auroc");
 */
export function bootstrapSteps(
  rows: readonly BootstrapRow[],
  source: ResampleSource,
): Generator<undefined, BootstrapSamples> {
  expectArguments("bootstrapSteps", { rows: [rows, kinds.listOf(aRow)], source: [source, aSource] });
  return resampling(rows, source);
}

function* resampling(
  rows: readonly BootstrapRow[],
  source: ResampleSource,
): Generator<undefined, BootstrapSamples> {
  const first = rows[0];
  const sizes = (row: BootstrapRow | undefined): string =>
    row === undefined ? "" : [row.id.length, ...row.ood.map((scores) => scores.length)].join(" + ");
  const merged = rows.map((row) => {
    if (sizes(row) !== sizes(first)) {
      throw oalError("OAL-E104", { what: "bootstrap", expected: sizes(first), found: sizes(row) });
    }
    row.ood.forEach((scores) => assertSides(row.id, scores, "bootstrap"));
    const known = ordered(row.id, "bootstrap, ID side");
    return row.ood.map((scores) => mergeOrders(known, ordered(scores, "bootstrap, OOD side")));
  });
  const sets = first?.ood.length ?? 0;
  const { resamples } = source;
  const names = metrics.ids;
  const values = new Float64Array(rows.length * sets * names.length * resamples);
  const ids = first?.id.length ?? 0;
  const most = ids + Math.max(0, ...(first?.ood.map(({ length }) => length) ?? []));
  const counter = new Counter(most);
  const weights = new Int32Array(most);
  for (let b = 0; b < resamples; b++) {
    weights.fill(0, 0, ids);
    const idTotal = tally(weights, source.id(b), 0);
    for (let set = 0; set < sets; set++) {
      weights.fill(0, ids);
      const oodTotal = tally(weights, source.ood(set, b), ids);
      merged.forEach((ofRow, row) => {
        const order = ofRow[set];
        if (order === undefined) return;
        const vector = metricsOfCounts(counter.count(order, { weights, idTotal, oodTotal }));
        names.forEach((metric, k) => {
          values[((row * sets + set) * names.length + k) * resamples + b] = vector[metric] ?? NaN;
        });
      });
    }
    yield undefined;
  }
  return new BootstrapSamples(resamples, sets, names, values);
}

/** How often each sample was drawn; they stand from `first` on. @returns how many were */
function tally(weights: Int32Array, draw: ArrayLike<number>, first: number): number {
  for (let i = 0; i < draw.length; i++) {
    const sample = first + (draw[i] ?? 0);
    weights[sample] = (weights[sample] ?? 0) + 1;
  }
  return draw.length;
}

/**
 * Percentile interval with linear interpolation at position (B - 1) q.
 *
 * @param samples  resampled values [B]  @param level  default 0.95: the 2.5 and 97.5 percentiles
 */
export function percentileInterval(samples: Float64Array, level = 0.95): [number, number] {
  expectArguments("percentileInterval", {
    samples: [samples, kinds.float64],
    level: [level, kinds.fraction],
  });
  const sorted = samples.slice().sort();
  return [quantileOf(sorted, (1 - level) / 2), quantileOf(sorted, (1 + level) / 2)];
}

/** Standard error: the sample standard deviation (ddof 1) of the resampled values. */
export function standardError(samples: Float64Array): number {
  expectArguments("standardError", { samples: [samples, kinds.float64] });
  const mean = samples.reduce((a, b) => a + b, 0) / samples.length;
  return Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (samples.length - 1));
}

/**
 * Paired difference a - b of two rows' resampled values: interval and two-sided p = min(1, 2 min((1 + #{d <= 0}) / (B + 1), (1 + #{d >= 0}) / (B + 1))).
 *
 * @param a  resampled values [B]
 * @param b  resampled values [B] of the same resamples
 */
export function pairedDifference(
  a: Float64Array,
  b: Float64Array,
  level = 0.95,
): { interval: [number, number]; p: number } {
  expectArguments("pairedDifference", {
    a: [a, kinds.float64],
    b: [b, kinds.float64],
    level: [level, kinds.fraction],
  });
  assertPaired("pairedDifference", a, b);
  const difference = a.map((value, i) => value - (b[i] ?? 0));
  let notAbove = 0;
  let notBelow = 0;
  for (const d of difference) {
    if (d <= 0) notAbove++;
    if (d >= 0) notBelow++;
  }
  const p = Math.min(1, (2 * (1 + Math.min(notAbove, notBelow))) / (difference.length + 1));
  return { interval: percentileInterval(difference, level), p };
}

/**
 * Holm's step-down adjustment of p values for several comparisons: the k-th smallest is multiplied by (n - k + 1), kept monotone, capped at 1.
 *
 * @returns adjusted p values in the order given
 * @source Holm 1979
 */
export function holm(p: readonly number[]): number[] {
  expectArguments("holm", { p: [p, kinds.listOf(kinds.number)] });
  const order = p.map((_, i) => i).sort((i, j) => (p[i] ?? 0) - (p[j] ?? 0));
  const adjusted = p.map(() => 0);
  let running = 0;
  order.forEach((i, k) => {
    running = Math.max(running, Math.min(1, (p[i] ?? 0) * (p.length - k)));
    adjusted[i] = running;
  });
  return adjusted;
}
