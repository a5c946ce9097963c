/**
 * The farthest of many candidates without measuring each: candidate (b + σ e) / ν is at least as near as the worst that is kept so
 * far when K inner products are large enough, and counting stops there. Counting is done in whole numbers; a candidate that it does
 * not rule out is measured, so the result is that of measuring all.
 */
import type { NoiseSet } from "./noiseSet.js";
import { kthLargest } from "./selection.js";

/** What a class's candidates are measured with. */
export interface SearchSetup {
  /** Embeddings of the class, and how many of them are looked at first. */
  readonly count: number;
  readonly rows: number;
  readonly k: number;
  readonly sigma: number;
  /** {@link wholeScale}; measured products are larger by it and σ. */
  readonly scale: number;
}

/** An anchor: its row, and its inner products with all rows, in their order. */
export interface SearchAnchor {
  readonly row: number;
  readonly products: Float32Array;
}

/** Candidates by flat index, p * (noise vectors) + s for noise s of anchor p: `count` of them from `first` on in steps. */
export interface CandidateRange {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** A found candidate. */
export interface Found {
  /** Its position in the range that was asked about. */
  readonly position: number;
  readonly distance: number;
}

/** An anchor made ready for counting. */
interface CountedAnchor extends SearchAnchor {
  readonly whole: Int32Array;
  readonly mean: number;
}

/** Whole numbers stay below this, so that sums of two and their differences fit 32 bits. */
export const wholeLimit = 2 ** 28;

/** Factor to whole numbers of inner products of a unit vector, and σ times those of noise, which is hardly longer than √dimension. */
export function wholeScale(sigma: number, dimension: number): number {
  return wholeLimit / (1 + sigma * (Math.sqrt(dimension) + 10));
}

/** What rounding may hide, in units of the inner products. */
const slack = 1e-6;

/** Candidates of some anchors. */
export class CandidateSearch {
  readonly #setup: SearchSetup;
  readonly #anchors: readonly CountedAnchor[];
  readonly #sets: readonly NoiseSet[];
  readonly #noise: number;
  readonly #scratch: Float32Array;

  /** @param sets  one for all anchors, or one for each */
  constructor(setup: SearchSetup, anchors: readonly SearchAnchor[], sets: readonly NoiseSet[]) {
    this.#setup = setup;
    this.#sets = sets;
    this.#noise = sets[0]?.count ?? 0;
    this.#scratch = new Float32Array(setup.count);
    this.#anchors = anchors.map((anchor) => {
      const whole = new Int32Array(setup.rows);
      let sum = 0;
      for (let j = 0; j < setup.rows; j++)
        sum += whole[j] = Math.trunc((anchor.products[j] ?? 0) * setup.scale);
      return { ...anchor, whole, mean: sum / setup.rows };
    });
  }

  /** Squared distance of a candidate, given by its flat index, to its K-th neighbour. */
  distance(flat: number): number {
    const p = Math.floor(flat / this.#noise);
    return this.#distance(this.#anchor(p), this.#set(p), flat - p * this.#noise);
  }

  /** The `wanted` farthest of a range, farthest first, ties by the lower position. */
  farthest(range: CandidateRange, wanted: number): Found[] {
    const best: Found[] = [];
    const probed = this.#promising(range, Math.max(6, 2 * wanted));
    for (const position of probed)
      insert(best, { position, distance: this.distance(at(range, position)) }, wanted);
    for (let position = 0; position < range.count; position++) {
      const flat = at(range, position);
      const p = Math.floor(flat / this.#noise);
      const anchor = this.#anchor(p);
      const set = this.#set(p);
      const s = flat - p * this.#noise;
      const worst = best[wanted - 1];
      if (worst && this.#isNear(anchor, set, s, worst.distance)) continue;
      if (!probed.includes(position))
        insert(best, { position, distance: this.#distance(anchor, set, s) }, wanted);
    }
    return best;
  }

  /** Positions of the candidates whose inner products are least on average: the farthest are mostly among them. */
  #promising(range: CandidateRange, wanted: number): number[] {
    const best: Found[] = [];
    const width = this.#setup.rows + 1;
    for (let position = 0; position < range.count; position++) {
      const flat = at(range, position);
      const p = Math.floor(flat / this.#noise);
      const anchor = this.#anchor(p);
      const set = this.#set(p);
      const s = flat - p * this.#noise;
      const distance =
        -(anchor.mean + (set.measures.products[s * width + width - 1] ?? 0)) / this.#length(anchor, set, s);
      const worst = best[wanted - 1];
      if (!worst || distance > worst.distance) insert(best, { position, distance }, wanted);
    }
    return best.map(({ position }) => position);
  }

  #distance(anchor: SearchAnchor, set: NoiseSet, s: number): number {
    const { count, k, sigma } = this.#setup;
    const [row, own, scratch] = [set.row(s), anchor.products, this.#scratch];
    for (let j = 0; j < count; j++) scratch[j] = (own[j] ?? 0) + sigma * (row[j] ?? 0);
    return 2 - (2 * kthLargest(scratch, count, k)) / this.#length(anchor, set, s);
  }

  /** Whether a candidate is certainly nearer than a squared distance. */
  #isNear(anchor: CountedAnchor, set: NoiseSet, s: number, distance: number): boolean {
    const { rows, k, scale } = this.#setup;
    const least = (this.#length(anchor, set, s) * (1 - distance / 2) + slack) * scale + 2;
    if (least >= wholeLimit) return false;
    const bound = Math.ceil(least);
    const start = s * (rows + 1);
    const own = anchor.whole;
    const whole = set.measures.whole;
    const needed = Math.min(k, rows);
    // of own + whole - bound the sign bit tells whether it is below; -1 or 0 each
    let below = 0;
    for (let j = 0; j < needed; j++) below += ((own[j] ?? 0) + (whole[start + j] ?? 0) - bound) >> 31;
    let above = needed + below;
    for (let j = needed; j < rows && above < k && above + rows - j >= k; j++)
      above += 1 + (((own[j] ?? 0) + (whole[start + j] ?? 0) - bound) >> 31);
    return above >= k;
  }

  /** ν, the length of the anchor plus noise. */
  #length({ row }: SearchAnchor, set: NoiseSet, s: number): number {
    const { sigma, rows, scale } = this.#setup;
    const along = (set.measures.products[s * (rows + 1) + row] ?? 0) / scale;
    return Math.sqrt(1 + 2 * along + sigma * sigma * (set.squares[s] ?? 0));
  }

  #anchor(p: number): CountedAnchor {
    const anchor = this.#anchors[p];
    if (!anchor) throw new RangeError(`no anchor ${p}`);
    return anchor;
  }

  #set(p: number): NoiseSet {
    const set = this.#sets.length === 1 ? this.#sets[0] : this.#sets[p];
    if (!set) throw new RangeError(`no noise of anchor ${p}`);
    return set;
  }
}

const at = ({ first, step }: CandidateRange, position: number): number => first + position * step;

/** Puts one in its place among the `wanted` best. */
function insert(best: Found[], one: Found, wanted: number): void {
  let place = best.length;
  for (; place > 0; place--) {
    const other = best[place - 1];
    if (!other || other.distance > one.distance) break;
    if (other.distance === one.distance && other.position < one.position) break;
  }
  best.splice(place, 0, one);
  if (best.length > wanted) best.pop();
}
