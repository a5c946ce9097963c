/**
 * Boundary sampling (METHOD 3): around the embeddings that lie farthest from their own class, Gaussian candidates are drawn and those
 * farthest from the class are kept as outlier embeddings. Every anchor has noise of its own, or all anchors of a round share one set;
 * the noise is a function of (seed, class, round, anchor) alone. docs/decisions/0032 says how much of it is ever computed.
 */
import { oalError, type Engine } from "oal-core";
import { normaliseRows } from "./distances.js";
import {
  checkBoundaryOptions,
  noiseScale,
  type BoundaryOptions,
  type BoundaryWarning,
  type ClassLimits,
} from "./options.js";
import { prepareClasses, type EmbeddingBank } from "./prepare.js";
import { BoundarySessions } from "./products.js";
import { sampleInTurn, type OutlierRecord, type SampleClasses, type SeededOptions } from "./sampleClass.js";
import { DistanceGatherer, medianOf, type DistanceSummary } from "./summary.js";

export type { EmbeddingBank } from "./prepare.js";

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
    /** Of all candidates where a round has few, else of the first of every anchor. */
    readonly candidates: DistanceSummary;
    readonly kept: DistanceSummary;
  };
  /** Candidates dropped by the global rejection. */
  readonly rejected: number;
  readonly warnings: readonly BoundaryWarning[];
}

/**
 * Samples outlier embeddings around the boundary of every class.
 *
 * @param bank  embeddings; normalised here
 * @param options  see `BoundaryOptions`
 * @param onProgress  called after each (class, round) with rounds done and in all
 * @param sampleClasses  who samples the classes; the result is the same. Default: this thread, one after the other
 * @throws OAL-C202 for an option out of range, OAL-D108 or OAL-D141 for a label that is none of the classes, OAL-D151 for a class with fewer than two embeddings
 * @cost classes * rounds * anchors * noise * class size * dimension multiplications on the engine
 */
export async function sampleBoundary(
  engine: Engine,
  bank: EmbeddingBank,
  options: SeededOptions,
  onProgress?: (done: number, total: number) => void,
  sampleClasses: SampleClasses = sampleInTurn,
): Promise<BoundaryResult> {
  checkBoundaryOptions(options);
  const { dimension, labels } = bank;
  const sigma = noiseScale(options, dimension);
  const unit = normaliseRows(bank.embeddings, dimension).unit;
  const { prepared, warnings } = await prepare(engine, bank, unit, options);
  const medians = prepared.map((one) => medianOf(one.distances));
  const largest = Math.max(...prepared.map(({ limits }) => limits.size));
  let done = 0;
  const sampled = await sampleClasses(
    engine,
    { unit, dimension, labels, medians, largest, sigma, options },
    prepared,
    () => onProgress?.(++done, prepared.length * options.rounds),
  );
  const gather = {
    bank: new DistanceGatherer(),
    anchors: new DistanceGatherer(),
    candidates: new DistanceGatherer(),
    kept: new DistanceGatherer(),
  };
  const bankDistances = new Float32Array(labels.length);
  for (const { distances, members, order, limits } of prepared) {
    gather.bank.add(distances);
    gather.anchors.add(order.slice(0, limits.select).map((place) => distances[place] ?? 0));
    members.forEach((row, i) => (bankDistances[row] = distances[i] ?? 0));
  }
  for (const { candidates } of sampled) gather.candidates.add(candidates);
  const records = sampled.flatMap((one) => one.records);
  const count = records.length;
  const rejected = sampled.reduce((sum, one) => sum + one.rejected, 0);
  if (count === 0) throw oalError("OAL-D152", { rejected });
  gather.kept.add(records.map((record) => record.distance));
  const wanted = prepared.reduce((sum, one) => sum + one.limits.anchors * options.rounds * options.keep, 0);
  if (count < wanted) {
    const text = `boundary.keep: the global rejection left ${count} of ${wanted} outliers`;
    warnings.push({ option: "keep", class: -1, asked: wanted, used: count, text });
  }
  return {
    embeddings: joined(
      sampled.flatMap(({ vectors }) => vectors),
      count * dimension,
    ),
    dimension,
    count,
    labels: Int32Array.from(records, (record) => record.class),
    records,
    options,
    sigma,
    classes: prepared.map((one) => one.limits),
    bankDistances,
    distances: {
      bank: gather.bank.summary(),
      anchors: gather.anchors.summary(),
      candidates: gather.candidates.summary(),
      kept: gather.kept.summary(),
    },
    rejected,
    warnings,
  };
}

async function prepare(
  engine: Engine,
  bank: EmbeddingBank,
  unit: Float32Array,
  options: SeededOptions,
): ReturnType<typeof prepareClasses> {
  const sessions = new BoundarySessions(engine);
  try {
    return await prepareClasses(sessions, bank, unit, options);
  } finally {
    await sessions.release();
  }
}

/** Parts one after the other. */
function joined(parts: readonly Float32Array[], length: number): Float32Array {
  const whole = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
