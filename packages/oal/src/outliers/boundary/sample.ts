/**
 * Boundary sampling (METHOD 3): around the embeddings that lie farthest from their own class, Gaussian candidates are drawn and those
 * farthest from the class are kept as outlier embeddings. Every anchor has noise of its own, or all anchors of a round share one set;
 * the noise is a function of (seed, class, round, anchor) alone. docs/decisions/0032 says how much of it is ever computed.
 */
import { Random, oalError, type Engine } from "oal-core";
import { ClassNoise, type KeptNoise } from "./classNoise.js";
import { normaliseRows } from "./distances.js";
import { GlobalRejection } from "./globalRejection.js";
import {
  checkBoundaryOptions,
  noiseScale,
  type BoundaryOptions,
  type BoundaryWarning,
  type ClassLimits,
} from "./options.js";
import { prepareClasses, type EmbeddingBank, type PreparedClass } from "./prepare.js";
import type { CandidateSearch } from "./search.js";
import { BoundarySessions } from "./products.js";
import { misreadOrder } from "./selection.js";
import { DistanceGatherer, medianOf, type DistanceSummary } from "./summary.js";

export type { EmbeddingBank } from "./prepare.js";

/** Where a kept outlier comes from; enough to make it again. */
export interface OutlierRecord {
  readonly class: number;
  readonly round: number;
  /** Row of the anchor in the whole bank. */
  readonly anchor: number;
  /** Row of its set of noise: the anchor's, or the round's. */
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
    /** Of all candidates where a round has few, else of the first of every anchor. */
    readonly candidates: DistanceSummary;
    readonly kept: DistanceSummary;
  };
  /** Candidates dropped by the global rejection. */
  readonly rejected: number;
  readonly warnings: readonly BoundaryWarning[];
}

/** Options with the seed of all draws. */
export type SeededOptions = BoundaryOptions & { readonly seed: number };

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
  const sessions = new BoundarySessions(engine);
  try {
    return await sampleClasses(engine, sessions, bank, unit, sigma, options, onProgress);
  } finally {
    await sessions.release();
  }
}

async function sampleClasses(
  engine: Engine,
  sessions: BoundarySessions,
  bank: EmbeddingBank,
  unit: Float32Array,
  sigma: number,
  options: SeededOptions,
  onProgress: ((done: number, total: number) => void) | undefined,
): Promise<BoundaryResult> {
  const { dimension } = bank;
  const { prepared, blocks, warnings } = await prepareClasses(sessions, bank, unit, options);
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
  const rejection = options.globalReject
    ? await GlobalRejection.create(
        engine,
        unit,
        bank.labels,
        dimension,
        prepared.map((one) => medianOf(one.distances)),
      )
    : null;
  const kept: Kept[] = [];
  try {
    let done = 0;
    for (const one of prepared) {
      gather.anchors.add(one.order.slice(0, one.limits.select).map((place) => one.distances[place] ?? 0));
      const settings = { seed: options.seed, noise: options.noise, sigma };
      const noise = await ClassNoise.create(sessions, blocks, one, unit, dimension, settings);
      const sampler: ClassSampler = { one, noise, options, rejection, candidates: gather.candidates };
      for (let round = 0; round < options.rounds; round++) {
        kept.push(...(await sampleRound(sampler, round)));
        onProgress?.(++done, prepared.length * options.rounds);
      }
    }
  } finally {
    await rejection?.release();
  }
  if (kept.length === 0) throw oalError("OAL-D152", { rejected: rejection?.rejected ?? 0 });
  const embeddings = new Float32Array(kept.length * dimension);
  kept.forEach(({ vector }, i) => embeddings.set(vector, i * dimension));
  const records = kept.map(({ record }) => record);
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

/** A kept outlier with its vector. */
interface Kept {
  readonly vector: Float32Array;
  readonly record: OutlierRecord;
}

/** What the rounds of a class have in common. */
interface ClassSampler {
  readonly one: PreparedClass;
  readonly noise: ClassNoise;
  readonly options: SeededOptions;
  readonly rejection: GlobalRejection | null;
  readonly candidates: DistanceGatherer;
}

/** Candidates that are made vectors at once when they may be rejected. */
const rejectionChunk = 16;
/** A round of at most so many candidates is measured whole for the summary; of a larger one about this share of numbers. */
const measuredWhole = 1024;
const measuredOfMany = 64;

/** A candidate that was chosen: the place of its anchor in the class's order, its noise, and what its vector is made of. */
interface Chosen {
  readonly s: number;
  readonly made: KeptNoise;
}

async function sampleRound(sampler: ClassSampler, round: number): Promise<Kept[]> {
  const { one, noise, options, rejection } = sampler;
  const random = new Random(options.seed, `boundary/anchors/${one.label}`);
  const anchors = [...random.permutation(round, one.limits.select).subarray(0, one.limits.anchors)];
  const chosen =
    options.noiseSharing === "round"
      ? await fromSharedNoise(sampler, round, anchors)
      : await fromOwnNoise(sampler, round, anchors);
  if (rejection) return chosen.flatMap(({ accepted }) => accepted);
  const all = chosen.flatMap(({ candidates }) => candidates);
  return keptOf(sampler, round, all, await noise.vectors(all.map(({ made }) => made)));
}

/** What was chosen of some anchors: candidates to be made vectors together, or those that passed the rejection. */
interface Choice {
  readonly candidates: readonly Chosen[];
  readonly accepted: readonly Kept[];
}

/** One set of noise for all anchors of a round. */
async function fromSharedNoise(
  sampler: ClassSampler,
  round: number,
  anchors: readonly number[],
): Promise<Choice[]> {
  const { noise, options } = sampler;
  const set = await noise.draw(round, -1);
  const search = noise.search(anchors, [set]);
  gatherCandidates(sampler, search, anchors.length, anchors.length);
  const chosen = (p: number, s: number): Chosen => ({ s, made: noise.keep(anchors[p] ?? 0, set, s) });
  if (options.selection === "misread") {
    const candidates = misreadOrder(anchors.length, options.noise, options.keep, (column) =>
      search.farthest(column, options.keep).map(({ position }) => position),
    ).map((flat) => chosen(Math.floor(flat / options.noise), flat % options.noise));
    return [{ candidates, accepted: [] }];
  }
  const choices: Choice[] = [];
  for (const p of anchors.keys())
    choices.push(await chooseOf(sampler, round, search, p, (s) => chosen(p, s)));
  return choices;
}

/** A set of noise for each anchor. */
async function fromOwnNoise(
  sampler: ClassSampler,
  round: number,
  anchors: readonly number[],
): Promise<Choice[]> {
  const { one, noise } = sampler;
  const choices: Choice[] = [];
  for (const anchor of anchors) {
    const set = await noise.draw(round, one.members[one.order[anchor] ?? 0] ?? 0);
    const search = noise.search([anchor], [set]);
    gatherCandidates(sampler, search, 1, anchors.length);
    choices.push(await chooseOf(sampler, round, search, 0, (s) => ({ s, made: noise.keep(anchor, set, s) })));
  }
  return choices;
}

/** The farthest of an anchor's candidates that are not rejected. */
async function chooseOf(
  sampler: ClassSampler,
  round: number,
  search: CandidateSearch,
  p: number,
  chosen: (s: number) => Chosen,
): Promise<Choice> {
  const { noise, options, rejection } = sampler;
  const own = { first: p * options.noise, step: 1, count: options.noise };
  if (!rejection) {
    const best = search.farthest(own, options.keep);
    return { candidates: best.map(({ position }) => chosen(position)), accepted: [] };
  }
  const accepted: Kept[] = [];
  for (let seen = 0, wanted = rejectionChunk; ; seen = wanted, wanted *= 4) {
    const best = search
      .farthest(own, wanted)
      .slice(seen)
      .map(({ position }) => position);
    const taken = await rejection.take(best, options.keep - accepted.length, (positions) =>
      noise.vectors(positions.map((s) => chosen(s).made)),
    );
    const vectors = new Float32Array(taken.reduce((sum, { candidate }) => sum + candidate.length, 0));
    taken.forEach(({ candidate }, i) => vectors.set(candidate, i * candidate.length));
    accepted.push(
      ...(await keptOf(
        sampler,
        round,
        taken.map(({ index }) => chosen(index)),
        vectors,
      )),
    );
    if (accepted.length === options.keep || wanted >= options.noise) return { candidates: [], accepted };
  }
}

/** Chosen candidates with their vectors, whose own distances are what is recorded. */
async function keptOf(
  { one, noise }: ClassSampler,
  round: number,
  chosen: readonly Chosen[],
  vectors: Float32Array,
): Promise<Kept[]> {
  const distances = await noise.distances(vectors);
  const dimension = vectors.length / chosen.length;
  return chosen.map(({ s, made }, i) => ({
    vector: vectors.slice(i * dimension, (i + 1) * dimension),
    record: {
      class: one.label,
      round,
      anchor: one.members[one.order[made.anchor] ?? 0] ?? 0,
      noise: s,
      distance: distances[i] ?? 0,
    },
  }));
}

/** Adds distances of candidates to the summary: of all in a small round, else of the first of every anchor. */
function gatherCandidates(
  { options, candidates }: ClassSampler,
  search: CandidateSearch,
  anchors: number,
  ofRound: number,
): void {
  const share =
    options.noise * ofRound <= measuredWhole
      ? options.noise
      : Math.max(1, Math.floor(measuredOfMany / ofRound));
  for (let p = 0; p < anchors; p++)
    candidates.add(
      Array.from({ length: Math.min(share, options.noise) }, (_, s) =>
        search.distance(p * options.noise + s),
      ),
    );
}
