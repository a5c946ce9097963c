/** The outliers of one class, round by round. Classes do not depend on one another, so that each may be sampled in a thread of its own. */
import { Random, type Engine } from "oal-core";
import { ClassNoise, type KeptNoise } from "./classNoise.js";
import { GlobalRejection } from "./globalRejection.js";
import type { BoundaryOptions } from "./options.js";
import { BlockProducts, type PreparedClass } from "./prepare.js";
import { BoundarySessions } from "./products.js";
import type { CandidateSearch } from "./search.js";
import { misreadOrder } from "./selection.js";

/** Options with the seed of all draws. */
export type SeededOptions = BoundaryOptions & { readonly seed: number };

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

/** What all classes are sampled with: plain data, which another thread can be sent. */
export interface SamplingInput {
  /** Unit embeddings of the whole bank, [count, dimension]. */
  readonly unit: Float32Array;
  readonly dimension: number;
  /** Class of each row. */
  readonly labels: ArrayLike<number>;
  /** Per class, the median squared K-th distance of its embeddings. */
  readonly medians: readonly number[];
  /** Embeddings of the largest class. */
  readonly largest: number;
  readonly sigma: number;
  readonly options: SeededOptions;
}

/** What was kept of a class. */
export interface ClassOutliers {
  /** Unit vectors in parts of whole rows, in the order of `records`. */
  readonly vectors: readonly Float32Array[];
  readonly records: readonly OutlierRecord[];
  /** Squared K-th distances of some candidates. */
  readonly candidates: readonly number[];
  /** Candidates dropped by the global rejection. */
  readonly rejected: number;
}

/**
 * Samples classes; the results are in their order, whatever computes them.
 *
 * @param onRound  called after every round of a class
 */
export type SampleClasses = (
  engine: Engine,
  input: SamplingInput,
  classes: readonly PreparedClass[],
  onRound: () => void,
) => Promise<readonly ClassOutliers[]>;

/** Samples one class after the other in this thread. */
export const sampleInTurn: SampleClasses = async (engine, input, classes, onRound) => {
  const sampler = await ClassSampler.open(engine, input);
  try {
    const sampled: ClassOutliers[] = [];
    for (const one of classes) sampled.push(await sampler.sample(one, onRound));
    return sampled;
  } finally {
    await sampler.release();
  }
};

/** Samples classes on an engine. */
export class ClassSampler {
  readonly #input: SamplingInput;
  readonly #sessions: BoundarySessions;
  readonly #blocks: BlockProducts;
  readonly #rejection: GlobalRejection | null;

  private constructor(
    input: SamplingInput,
    sessions: BoundarySessions,
    blocks: BlockProducts,
    rejection: GlobalRejection | null,
  ) {
    this.#input = input;
    this.#sessions = sessions;
    this.#blocks = blocks;
    this.#rejection = rejection;
  }

  /** Prepares what the classes have in common. */
  static async open(engine: Engine, input: SamplingInput): Promise<ClassSampler> {
    const { unit, labels, dimension, medians, largest, options } = input;
    const rejection = options.globalReject
      ? await GlobalRejection.create(engine, unit, labels, dimension, medians)
      : null;
    const sessions = new BoundarySessions(engine);
    const blocks = new BlockProducts(sessions, dimension, largest);
    return new ClassSampler(input, sessions, blocks, rejection);
  }

  /** Samples a class. */
  async sample(one: PreparedClass, onRound: () => void): Promise<ClassOutliers> {
    const { unit, dimension, sigma, options } = this.#input;
    const rejection = this.#rejection;
    const before = rejection?.rejected ?? 0;
    const settings = { seed: options.seed, noise: options.noise, sigma };
    const noise = await ClassNoise.create(this.#sessions, this.#blocks, one, unit, dimension, settings);
    const rounds: ClassRounds = { one, noise, options, rejection, candidates: [] };
    const kept: Kept[] = [];
    for (let round = 0; round < options.rounds; round++) {
      kept.push(...(await sampleRound(rounds, round)));
      onRound();
    }
    return {
      vectors: kept.map(({ vectors }) => vectors),
      records: kept.flatMap(({ records }) => records),
      candidates: rounds.candidates,
      rejected: (rejection?.rejected ?? 0) - before,
    };
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#rejection?.release();
    await this.#sessions.release();
  }
}

/** Candidates that are made vectors at once when they may be rejected. */
const rejectionChunk = 16;
/** A round of at most so many candidates is measured whole for the summary; of a larger one about this share of numbers. */
const measuredWhole = 1024;
const measuredOfMany = 64;

/** Outliers with their vectors, [records, dimension]. */
interface Kept {
  readonly vectors: Float32Array;
  readonly records: readonly OutlierRecord[];
}

/** What the rounds of a class have in common. */
interface ClassRounds {
  readonly one: PreparedClass;
  readonly noise: ClassNoise;
  readonly options: SeededOptions;
  readonly rejection: GlobalRejection | null;
  readonly candidates: number[];
}

/** A candidate that was chosen: the place of its anchor in the class's order, its noise, and what its vector is made of. */
interface Chosen {
  readonly s: number;
  readonly made: KeptNoise;
}

async function sampleRound(sampler: ClassRounds, round: number): Promise<Kept[]> {
  const { one, noise, options, rejection } = sampler;
  const random = new Random(options.seed, `boundary/anchors/${one.label}`);
  const anchors = [...random.permutation(round, one.limits.select).subarray(0, one.limits.anchors)];
  const chosen =
    options.noiseSharing === "round"
      ? await fromSharedNoise(sampler, round, anchors)
      : await fromOwnNoise(sampler, round, anchors);
  if (rejection) return chosen.flatMap(({ accepted }) => accepted);
  const all = chosen.flatMap(({ candidates }) => candidates);
  return [await keptOf(sampler, round, all, await noise.vectors(all.map(({ made }) => made)))];
}

/** What was chosen of some anchors: candidates to be made vectors together, or those that passed the rejection. */
interface Choice {
  readonly candidates: readonly Chosen[];
  readonly accepted: readonly Kept[];
}

/** One set of noise for all anchors of a round. */
async function fromSharedNoise(
  sampler: ClassRounds,
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
  sampler: ClassRounds,
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
  sampler: ClassRounds,
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
  let missing = options.keep;
  for (let seen = 0, wanted = rejectionChunk; ; seen = wanted, wanted *= 4) {
    const best = search
      .farthest(own, wanted)
      .slice(seen)
      .map(({ position }) => position);
    const taken = await rejection.take(best, missing, (positions) =>
      noise.vectors(positions.map((s) => chosen(s).made)),
    );
    const vectors = new Float32Array(taken.reduce((sum, { candidate }) => sum + candidate.length, 0));
    taken.forEach(({ candidate }, i) => vectors.set(candidate, i * candidate.length));
    const some = taken.map(({ index }) => chosen(index));
    accepted.push(await keptOf(sampler, round, some, vectors));
    missing -= taken.length;
    if (missing === 0 || wanted >= options.noise) return { candidates: [], accepted };
  }
}

/** Chosen candidates with their vectors, whose own distances are what is recorded. */
async function keptOf(
  { one, noise }: ClassRounds,
  round: number,
  chosen: readonly Chosen[],
  vectors: Float32Array,
): Promise<Kept> {
  const distances = await noise.distances(vectors);
  const records = chosen.map(({ s, made }, i) => ({
    class: one.label,
    round,
    anchor: one.members[one.order[made.anchor] ?? 0] ?? 0,
    noise: s,
    distance: distances[i] ?? 0,
  }));
  return { vectors, records };
}

/** Notes distances of candidates for the summary: of all in a small round, else of the first of every anchor. */
function gatherCandidates(
  { options, candidates }: ClassRounds,
  search: CandidateSearch,
  anchors: number,
  ofRound: number,
): void {
  const share =
    options.noise * ofRound <= measuredWhole
      ? options.noise
      : Math.max(1, Math.floor(measuredOfMany / ofRound));
  for (let p = 0; p < anchors; p++)
    for (let s = 0; s < Math.min(share, options.noise); s++)
      candidates.push(search.distance(p * options.noise + s));
}
