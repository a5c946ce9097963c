/**
 * The form all detection metrics are computed from: how many ID and OOD samples hold each distinct confidence.
 * Scores enter by comparison only (never cast, -0 equal to 0, infinities are ordinary extremes), so every metric is a
 * function of ranks, and a bootstrap resample is a recount along a fixed order instead of a new sort.
 */
import { expectArguments, kinds, oalError } from "../errors/index.js";

/** The common order of the confidences of both sides. */
export interface Ranking {
  /** Distinct confidences, ascending. */
  readonly values: Float64Array;
  /** For each ID sample the position of its confidence in `values`. */
  readonly id: Uint32Array;
  /** For each OOD sample the position of its confidence in `values`. */
  readonly ood: Uint32Array;
}

/** Samples per distinct confidence, ascending by confidence; no position is empty on both sides. */
export interface Counts {
  /** How many leading entries of the arrays count. */
  readonly length: number;
  readonly id: Uint32Array;
  readonly ood: Uint32Array;
  /** Position in the ranking's `values` of each entry. */
  readonly position: Uint32Array;
  readonly idTotal: number;
  readonly oodTotal: number;
}

/** Refuses arrays that do not belong to the same samples. @throws OAL-E104 */
export function assertPaired(metric: string, samples: ArrayLike<number>, others: ArrayLike<number>): void {
  if (samples.length === others.length) return;
  throw oalError("OAL-E104", {
    what: metric,
    expected: String(samples.length),
    found: String(others.length),
  });
}

/** Throws OAL-E101 at the first NaN of `scores`. */
export function assertScores(scores: ArrayLike<number>, metric: string): void {
  for (let index = 0; index < scores.length; index++) {
    if (Number.isNaN(scores[index])) throw oalError("OAL-E101", { metric, index });
  }
}

/**
 * Ranks two samples of confidences together.
 *
 * @param id  confidences of the in-distribution samples, [m], any float dtype
 * @param ood  confidences of the out-of-distribution samples, [n]
 * @param metric  the name errors speak of
 * @throws OAL-E101 when a score is NaN, OAL-E102 when a side is empty
 * @cost O((m + n) log(m + n))
 */
export function rank(id: ArrayLike<number>, ood: ArrayLike<number>, metric: string): Ranking {
  if (id.length === 0) throw oalError("OAL-E102", { metric, side: "ID" });
  if (ood.length === 0) throw oalError("OAL-E102", { metric, side: "OOD" });
  assertScores(id, `${metric}, ID side`);
  assertScores(ood, `${metric}, OOD side`);
  const values = new Float64Array(id.length + ood.length);
  values.set(id);
  values.set(ood, id.length);
  const distinct = distinctAscending(values);
  return { values: distinct, id: positions(id, distinct), ood: positions(ood, distinct) };
}

function distinctAscending(values: Float64Array): Float64Array {
  values.sort();
  let length = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (length === 0 || value !== values[length - 1]) values[length++] = value; // -0 !== 0 is false: one value
  }
  return values.slice(0, length);
}

function positions(scores: ArrayLike<number>, values: Float64Array): Uint32Array {
  const found = new Uint32Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0;
    let low = 0;
    let high = values.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((values[middle] ?? 0) < score) low = middle + 1;
      else high = middle;
    }
    found[i] = low;
  }
  return found;
}

/** Counts the samples of a ranking, whole or resampled, in buffers it keeps. */
export class Counter {
  readonly #ranking: Ranking;
  readonly #id: Uint32Array;
  readonly #ood: Uint32Array;
  readonly #position: Uint32Array;

  constructor(ranking: Ranking) {
    this.#ranking = ranking;
    const length = ranking.values.length;
    this.#id = new Uint32Array(length);
    this.#ood = new Uint32Array(length);
    this.#position = new Uint32Array(length);
  }

  /**
   * The counts of the samples drawn (all samples once when a draw is absent); valid until the next call.
   *
   * @param idDraw  indices of ID samples, with repeats
   * @param oodDraw  indices of OOD samples, with repeats
   * @cost one linear pass over the draws and the distinct values
   */
  count(idDraw?: ArrayLike<number>, oodDraw?: ArrayLike<number>): Counts {
    const ranking = this.#ranking;
    const id = this.#id.fill(0);
    const ood = this.#ood.fill(0);
    tally(id, ranking.id, idDraw);
    tally(ood, ranking.ood, oodDraw);
    let length = 0;
    for (let i = 0; i < id.length; i++) {
      const a = id[i] ?? 0;
      const b = ood[i] ?? 0;
      id[length] = a;
      ood[length] = b;
      this.#position[length] = i;
      length += a + b > 0 ? 1 : 0;
    }
    const idTotal = idDraw?.length ?? ranking.id.length;
    const oodTotal = oodDraw?.length ?? ranking.ood.length;
    return { length, id, ood, position: this.#position, idTotal, oodTotal };
  }
}

function tally(counts: Uint32Array, groups: Uint32Array, draw: ArrayLike<number> | undefined): void {
  if (draw === undefined) {
    for (const group of groups) counts[group] = (counts[group] ?? 0) + 1;
    return;
  }
  for (let i = 0; i < draw.length; i++) {
    const group = groups[draw[i] ?? 0] ?? 0;
    counts[group] = (counts[group] ?? 0) + 1;
  }
}

/** The counts of two samples, each sample once. See `rank` for parameters and errors. */
export function countScores(id: ArrayLike<number>, ood: ArrayLike<number>, metric: string): Counts {
  expectArguments("countScores", {
    id: [id, kinds.numbers],
    ood: [ood, kinds.numbers],
    metric: [metric, kinds.text],
  });
  return new Counter(rank(id, ood, metric)).count();
}
