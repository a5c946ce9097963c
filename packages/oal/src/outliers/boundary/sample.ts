/**
 * Boundary sampling (METHOD 3.3, in the exact efficient form of 3.4): around the embeddings that lie farthest from their
 * own class, Gaussian candidates are drawn and those farthest from the class are kept as outlier embeddings.
 * Every anchor has noise of its own, a function of (seed, class, round, anchor) alone.
 */
import { Random, oalError, type Engine } from "oal-core";
import { refuseForeignLabels } from "../../data/labels.js";
import { bankDistances, candidateDistances, formCandidate, normaliseRows } from "./distances.js";
import { GlobalRejection } from "./globalRejection.js";
import {
  checkBoundaryOptions,
  limitsOf,
  noiseScale,
  type BoundaryOptions,
  type BoundaryWarning,
  type ClassLimits,
} from "./options.js";
import { innerProducts, type InnerProducts } from "./products.js";
import { rankedIndices } from "./selection.js";
import { DistanceGatherer, medianOf, type DistanceSummary } from "./summary.js";

/** Embeddings of in-distribution images with their labels. */
export interface EmbeddingBank {
  /** Penultimate features, [count, dimension], of any norm. */
  readonly embeddings: Float32Array;
  readonly dimension: number;
  /** Class of each row, 0..classes-1. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/** Where a kept outlier comes from; enough to make it again. */
export interface OutlierRecord {
  readonly class: number;
  readonly round: number;
  /** Row of the anchor in the whole bank. */
  readonly anchor: number;
  /** Row of the anchor's noise set. */
  readonly noise: number;
  /** Squared distance to its K-th neighbour in its class. */
  readonly distance: number;
}

/** Result of `sampleBoundary`. */
export interface BoundaryResult {
  /** Unit vectors, [count, dimension], by class, round, anchor, then decreasing distance. */
  readonly embeddings: Float32Array;
  readonly dimension: number;
  readonly count: number;
  readonly labels: Int32Array;
  readonly records: readonly OutlierRecord[];
  readonly options: BoundaryOptions;
  /** Standard deviation used, whatever `options.sigma` said. */
  readonly sigma: number;
  readonly classes: readonly ClassLimits[];
  /** K-th distance of every bank row within its class (itself left out), in bank order. */
  readonly bankDistances: Float32Array;
  readonly distances: {
    readonly bank: DistanceSummary;
    readonly anchors: DistanceSummary;
    readonly candidates: DistanceSummary;
    readonly kept: DistanceSummary;
  };
  /** Candidates dropped by the global rejection. */
  readonly rejected: number;
  readonly warnings: readonly BoundaryWarning[];
}

/** Options with the seed of all draws. */
export type SeededOptions = BoundaryOptions & { readonly seed: number };

interface PreparedClass {
  readonly label: number;
  readonly limits: ClassLimits;
  readonly members: readonly number[];
  readonly unit: Float32Array;
  readonly products: Float32Array;
  readonly distances: Float32Array;
}

/**
 * Samples outlier embeddings around the boundary of every class.
 *
 * @param bank  embeddings; normalised here
 * @param options  see `BoundaryOptions`
 * @param onProgress  called after each (class, round) with rounds done and in all
 * @throws OAL-C202 for an option out of range, OAL-D108 or OAL-D141 for a label that is none of the classes, OAL-D151 for a class with fewer than two embeddings
 * @cost classes * rounds * anchors * noise * class size * dimension multiplications on the engine
 */
export async function sampleBoundary(
  engine: Engine,
  bank: EmbeddingBank,
  options: SeededOptions,
  onProgress?: (done: number, total: number) => void,
): Promise<BoundaryResult> {
  checkBoundaryOptions(options);
  const { dimension } = bank;
  const sigma = noiseScale(options, dimension);
  const unit = normaliseRows(bank.embeddings, dimension).unit;
  const warnings: BoundaryWarning[] = [];
  const prepared = await prepareClasses(engine, bank, unit, options, warnings);
  const allDistances = new Float32Array(bank.labels.length);
  const gather = {
    bank: new DistanceGatherer(),
    anchors: new DistanceGatherer(),
    candidates: new DistanceGatherer(),
    kept: new DistanceGatherer(),
  };
  for (const one of prepared) {
    gather.bank.add(one.distances);
    one.members.forEach((row, i) => (allDistances[row] = one.distances[i] ?? 0));
  }
  const stride = Math.max(...prepared.map((one) => one.limits.size));
  const crossed = await innerProducts(engine, options.noise, stride, dimension);
  const rejection = options.globalReject
    ? await GlobalRejection.create(
        engine,
        unit,
        bank.labels,
        dimension,
        prepared.map((one) => medianOf(one.distances)),
      )
    : null;
  const records: OutlierRecord[] = [];
  const kept: Float32Array[] = [];
  try {
    let done = 0;
    for (const one of prepared) {
      const ranked = rankedIndices(one.distances).slice(0, one.limits.select);
      gather.anchors.add(ranked.map((anchor) => one.distances[anchor] ?? 0));
      for (let round = 0; round < options.rounds; round++) {
        await sampleRound({
          one,
          ranked,
          round,
          resolved: options,
          sigma,
          dimension,
          crossed,
          rejection,
          gather,
          records,
          kept,
        });
        onProgress?.(++done, prepared.length * options.rounds);
      }
    }
  } finally {
    await crossed.release();
    await rejection?.release();
  }
  const embeddings = new Float32Array(kept.length * dimension);
  kept.forEach((row, i) => embeddings.set(row, i * dimension));
  if (kept.length === 0) throw oalError("OAL-D152", { rejected: rejection?.rejected ?? 0 });
  gather.kept.add(records.map((record) => record.distance));
  const wanted = prepared.reduce((sum, one) => sum + one.limits.anchors * options.rounds * options.keep, 0);
  if (kept.length < wanted) {
    const text = `boundary.keep: the global rejection left ${kept.length} of ${wanted} outliers`;
    warnings.push({ option: "keep", class: -1, asked: wanted, used: kept.length, text });
  }
  return {
    embeddings,
    dimension,
    count: kept.length,
    labels: Int32Array.from(records, (record) => record.class),
    records,
    options,
    sigma,
    classes: prepared.map((one) => one.limits),
    bankDistances: allDistances,
    distances: {
      bank: gather.bank.summary(),
      anchors: gather.anchors.summary(),
      candidates: gather.candidates.summary(),
      kept: gather.kept.summary(),
    },
    rejected: rejection?.rejected ?? 0,
    warnings,
  };
}

async function prepareClasses(
  engine: Engine,
  bank: EmbeddingBank,
  unit: Float32Array,
  options: BoundaryOptions,
  warnings: BoundaryWarning[],
): Promise<PreparedClass[]> {
  const { dimension } = bank;
  refuseForeignLabels(bank.labels, bank.classes, (row) => `embedding ${row}`);
  const members = Array.from({ length: bank.classes }, (): number[] => []);
  for (let row = 0; row < bank.labels.length; row++) members[bank.labels[row] ?? -1]?.push(row);
  const limits = members.map((rows, label) => limitsOf(options, label, rows.length));
  const stride = Math.max(...members.map((rows) => rows.length));
  const square = await innerProducts(engine, stride, stride, dimension);
  const prepared: PreparedClass[] = [];
  try {
    for (const [label, rows] of members.entries()) {
      const limit = limits[label];
      if (!limit) continue;
      warnings.push(...limit.warnings);
      const own = new Float32Array(rows.length * dimension);
      rows.forEach((row, i) => own.set(unit.subarray(row * dimension, (row + 1) * dimension), i * dimension));
      const products = await square.compute(own, own);
      const distances = bankDistances(products, rows.length, stride, limit.limits.k, false);
      prepared.push({ label, limits: limit.limits, members: rows, unit: own, products, distances });
    }
  } finally {
    await square.release();
  }
  return prepared;
}

interface Round {
  readonly one: PreparedClass;
  readonly ranked: readonly number[];
  readonly round: number;
  readonly resolved: SeededOptions;
  readonly sigma: number;
  readonly dimension: number;
  readonly crossed: InnerProducts;
  readonly rejection: GlobalRejection | null;
  readonly gather: { readonly candidates: DistanceGatherer };
  readonly records: OutlierRecord[];
  readonly kept: Float32Array[];
}

/** The noise rows of one anchor in one round, [noise, dimension]; a function of its arguments alone. */
export function anchorNoise(
  seed: number,
  label: number,
  round: number,
  anchor: number,
  noise: number,
  dimension: number,
): Float32Array {
  return new Random(seed, `boundary/noise/${label}/${round}`).normals(anchor, noise * dimension);
}

async function sampleRound(work: Round): Promise<void> {
  const { one, ranked, round, resolved, sigma, dimension, crossed } = work;
  const { size: count, k, anchors } = one.limits;
  const stride = crossed.columns;
  const order = new Random(resolved.seed, `boundary/anchors/${one.label}`).permutation(round, ranked.length);
  for (const rank of order.subarray(0, anchors)) {
    const anchor = ranked[rank] ?? 0;
    const row = one.members[anchor] ?? 0;
    const noise = anchorNoise(resolved.seed, one.label, round, row, resolved.noise, dimension);
    const noiseProducts = await crossed.compute(noise, one.unit);
    const anchorProducts = one.products.subarray(anchor * stride, anchor * stride + count);
    const set = {
      noise,
      noiseProducts,
      anchorProducts,
      anchor,
      anchorNorm: 1,
      count,
      stride,
      dimension,
      sigma,
      k,
    };
    const distances = candidateDistances({ ...set, noiseCount: resolved.noise });
    work.gather.candidates.add(distances);
    const anchorRow = one.unit.subarray(anchor * dimension, (anchor + 1) * dimension);
    const form = (s: number): Float32Array => {
      const candidate = new Float32Array(dimension);
      formCandidate(anchorRow, noise.subarray(s * dimension, (s + 1) * dimension), sigma, candidate, 0);
      return candidate;
    };
    const best = rankedIndices(distances);
    const chosen = work.rejection
      ? await work.rejection.take(best, resolved.keep, form)
      : best.slice(0, resolved.keep).map((index) => ({ index, candidate: form(index) }));
    for (const { index, candidate } of chosen) {
      work.kept.push(candidate);
      work.records.push({
        class: one.label,
        round,
        anchor: row,
        noise: index,
        distance: distances[index] ?? 0,
      });
    }
  }
}
