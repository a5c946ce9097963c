/** Draws noise around one class, searches its candidates, and makes vectors of what is kept. */
import { coordinatesOf, type Coordinates } from "./coordinates.js";
import { formCandidate } from "./distances.js";
import { NoiseSet, pairsOf, type FirstLook } from "./noiseSet.js";
import { gatherRows, type BlockProducts, type PreparedClass } from "./prepare.js";
import type { BoundarySessions } from "./products.js";
import { CandidateSearch, wholeScale, type SearchAnchor } from "./search.js";
import { kthLargest } from "./selection.js";

/** What the candidates of a class have in common. */
export interface NoiseSettings {
  readonly seed: number;
  /** Noise vectors of a set. */
  readonly noise: number;
  readonly sigma: number;
}

/** A kept candidate, before it is a vector. */
export interface KeptNoise {
  /** Place of its anchor in the class's order. */
  readonly anchor: number;
  readonly inside: Float32Array;
  readonly outside: number;
  readonly direction: Float32Array;
}

/** Vectors that are made at once. */
const chunk = 64;

/** Noise around the embeddings of one class. */
export class ClassNoise {
  readonly #sessions: BoundarySessions;
  readonly #blocks: BlockProducts;
  readonly #one: PreparedClass;
  readonly #settings: NoiseSettings;
  readonly #unit: Float32Array;
  readonly #coordinates: Coordinates;
  readonly #first: FirstLook;
  readonly #anchors: readonly SearchAnchor[];
  readonly #measured: Float32Array;
  readonly #buffer: Float32Array;

  private constructor(
    sessions: BoundarySessions,
    blocks: BlockProducts,
    one: PreparedClass,
    settings: NoiseSettings,
    unit: Float32Array,
    coordinates: Coordinates,
    anchors: readonly SearchAnchor[],
  ) {
    const rows = firstRows(one.limits.size, one.limits.k, one.limits.select);
    this.#sessions = sessions;
    this.#blocks = blocks;
    this.#one = one;
    this.#settings = settings;
    this.#unit = unit;
    this.#coordinates = coordinates;
    const { sigma, noise } = settings;
    const scale = sigma * wholeScale(sigma, coordinates.dimension);
    this.#first = { rows, rank: coordinates.ranksOf(rows), scale };
    this.#anchors = anchors;
    this.#buffer = new Float32Array(noise * this.#first.rank);
    this.#measured = measuredRows(coordinates, this.#first);
  }

  /** @param unit  unit embeddings of the whole bank */
  static async create(
    sessions: BoundarySessions,
    blocks: BlockProducts,
    one: PreparedClass,
    unit: Float32Array,
    dimension: number,
    settings: NoiseSettings,
  ): Promise<ClassNoise> {
    const { limits, members, order } = one;
    const { size } = limits;
    const own = gatherRows(
      unit,
      order.map((place) => members[place] ?? 0),
      dimension,
    );
    const whole = async (rows: number): Promise<Float32Array> => {
      const products = new Float32Array(rows * size);
      await blocks.each(own.subarray(0, rows * dimension), own, (part, from, count) => {
        for (let i = 0; i < count; i++)
          products.set(part.subarray(i * blocks.stride, i * blocks.stride + size), (from + i) * size);
      });
      return products;
    };
    const products = await whole(limits.select);
    const anchors = Array.from({ length: limits.select }, (_, row) => ({
      row,
      products: products.subarray(row * size, (row + 1) * size),
    }));
    const coordinates = await coordinatesOf(sessions, own, dimension, () => whole(size));
    return new ClassNoise(sessions, blocks, one, settings, own, coordinates, anchors);
  }

  /**
   * A set of noise, of use until the next is drawn.
   *
   * @param owner  bank row of the anchor that it belongs to; -1 for one of all anchors
   */
  async draw(round: number, owner: number): Promise<NoiseSet> {
    const { seed, noise } = this.#settings;
    const { rows, rank } = this.#first;
    const meter = await this.#sessions.meter({ noise, pairs: pairsOf(rows), rank });
    const origin = { seed, purpose: `${this.#one.label}/${round}`, owner: owner + 1 };
    return NoiseSet.draw(origin, this.#coordinates, this.#first, this.#buffer, (drawn) =>
      meter.measure(drawn, this.#measured),
    );
  }

  /** The search among the candidates of some anchors, given by their places in the class's order. */
  search(anchors: readonly number[], sets: readonly NoiseSet[]): CandidateSearch {
    const { size: count, k } = this.#one.limits;
    const { sigma } = this.#settings;
    const scale = wholeScale(sigma, this.#coordinates.dimension);
    const setup = { count, rows: this.#first.rows, k, sigma, scale };
    return new CandidateSearch(
      setup,
      anchors.flatMap((place) => this.#anchors[place] ?? []),
      sets,
    );
  }

  /** What a candidate's vector is made of; remains when its set is gone. */
  keep(anchor: number, set: NoiseSet, s: number): KeptNoise {
    const direction = this.#coordinates.basis ? set.direction(s) : new Float32Array();
    return { anchor, ...set.coordinates(s), direction };
  }

  /** Unit vectors of kept candidates, [kept, dimension]. */
  async vectors(kept: readonly KeptNoise[]): Promise<Float32Array> {
    const { dimension } = this.#coordinates;
    const made = new Float32Array(kept.length * dimension);
    for (let start = 0; start < kept.length; start += chunk) {
      const some = kept.slice(start, start + chunk);
      const noise = await this.#noiseVectors(some);
      some.forEach(({ anchor }, i) => {
        const row = this.#unit.subarray(anchor * dimension, (anchor + 1) * dimension);
        const own = noise.subarray(i * dimension, (i + 1) * dimension);
        formCandidate(row, own, this.#settings.sigma, made, (start + i) * dimension);
      });
    }
    return made;
  }

  /** Squared distances of vectors to their K-th neighbours in the class. */
  async distances(vectors: Float32Array): Promise<Float32Array> {
    const { size, k } = this.#one.limits;
    const { dimension } = this.#coordinates;
    const found = new Float32Array(vectors.length / dimension);
    const { stride } = this.#blocks;
    await this.#blocks.each(vectors, this.#unit, (part, first, count) => {
      for (let i = 0; i < count; i++)
        found[first + i] = 2 - 2 * kthLargest(part.subarray(i * stride, i * stride + size), size, k);
    });
    return found;
  }

  /** The noise itself: (ε - t c) Q + t g, where c = g Qᵀ is what the direction g has inside and t brings the rest to its length. */
  async #noiseVectors(kept: readonly KeptNoise[]): Promise<Float32Array> {
    const { dimension, rank, basis } = this.#coordinates;
    const inside = new Float32Array(kept.length * rank);
    kept.forEach((each, i) => inside.set(each.inside, i * rank));
    if (!basis) return inside;
    const directions = new Float32Array(kept.length * dimension);
    kept.forEach((each, i) => directions.set(each.direction, i * dimension));
    const toCoordinates = await this.#sessions.products("coordinates", chunk, rank, dimension);
    const along = await toCoordinates.compute(directions, basis.rows);
    const scales = kept.map(({ outside, direction }, i) => {
      let rest = 0;
      for (const value of direction) rest += value * value;
      for (let c = i * rank; c < (i + 1) * rank; c++) rest -= (along[c] ?? 0) ** 2;
      return outside > 0 ? Math.sqrt(outside / Math.max(rest, 1e-12)) : 0;
    });
    for (let at = 0; at < inside.length; at++)
      inside[at] = (inside[at] ?? 0) - (scales[Math.floor(at / rank)] ?? 0) * (along[at] ?? 0);
    const toVectors = await this.#sessions.products("vectors", chunk, dimension, rank);
    const noise = await toVectors.compute(inside, basis.columns);
    for (let at = 0; at < directions.length; at++)
      noise[at] = (noise[at] ?? 0) + (scales[Math.floor(at / dimension)] ?? 0) * (directions[at] ?? 0);
    return noise;
  }
}

/** How many rows decide over most candidates: a quarter more than K, the anchors among them; all where that is most of them. */
function firstRows(count: number, k: number, anchors: number): number {
  const wanted = Math.max(anchors, Math.ceil(1.28 * k));
  return wanted > 0.9 * count ? count : wanted;
}

/** The first rows in their coordinates, and last their mean, times the scale of what is measured: [2 pairs + 1, rank]. */
function measuredRows({ factor, rank }: Coordinates, first: FirstLook): Float32Array {
  const last = 2 * pairsOf(first.rows) * first.rank;
  const measured = new Float32Array(last + first.rank);
  for (let row = 0; row < first.rows; row++)
    for (let c = 0; c < first.rank; c++) {
      const value = first.scale * (factor[row * rank + c] ?? 0);
      measured[row * first.rank + c] = value;
      measured[last + c] = (measured[last + c] ?? 0) + value / first.rows;
    }
  return measured;
}
