/**
 * The farthest of many candidates without measuring each: candidate (b + σ e) / ν is at least as near as the worst that is kept so
 * far when K inner products are large enough, and counting stops there. Counting is done in whole numbers; a candidate that it does
 * not rule out is measured, so the result is that of measuring all.
 */
import { pairsOf, type NoiseSet } from "./noiseSet.js";
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
  /** Its products as whole numbers, in pairs as those of the noise are. */
  readonly whole: Int32Array;
  readonly mean: number;
}

/** Whole numbers and sums of two of them stay below this, so that their differences from a third fit 16 bits. */
const wholeLimit = 2 ** 14;
/** The sign bits of both numbers of a pair, once they are moved 15 places down. */
const signs = 0x10001;
/** Pairs that are counted on before it is looked again whether that is enough. */
const countedAtOnce = 8;

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
  /** Of the candidates of the range that is looked at. */
  #lengths = new Float64Array();

  /** @param sets  one for all anchors, or one for each */
  constructor(setup: SearchSetup, anchors: readonly SearchAnchor[], sets: readonly NoiseSet[]) {
    this.#setup = setup;
    this.#sets = sets;
    this.#noise = sets[0]?.count ?? 0;
    this.#scratch = new Float32Array(setup.count);
    this.#anchors = anchors.map((anchor) => {
      const { rows, scale } = setup;
      const pairs = pairsOf(rows);
      const whole = new Int32Array(pairs);
      let sum = 0;
      for (let j = 0; j < rows; j++) {
        const product = (anchor.products[j] ?? 0) * scale;
        sum += product;
        if (j < pairs) whole[j] = Math.trunc(product);
        else whole[j - pairs] = (whole[j - pairs] ?? 0) + Math.trunc(product) * 2 ** 16;
      }
      // the place of a row that is not there counts as far
      if (rows < 2 * pairs) whole[pairs - 1] = (whole[pairs - 1] ?? 0) - wholeLimit * 2 ** 16;
      return { ...anchor, whole, mean: sum / rows };
    });
  }

  /** Squared distance of a candidate, given by its flat index, to its K-th neighbour. */
  distance(flat: number): number {
    const p = Math.floor(flat / this.#noise);
    return this.#distance(this.#anchor(p), this.#set(p), flat - p * this.#noise) ?? NaN;
  }

  /** The `wanted` farthest of a range, farthest first, ties by the lower position. */
  farthest(range: CandidateRange, wanted: number): Found[] {
    const best: Found[] = [];
    const probed = this.#promising(range, Math.max(6, 2 * wanted));
    for (const position of probed) this.#try(best, range, position, wanted);
    probed.sort((a, b) => a - b);
    for (let position = 0, next = 0; position < range.count; position++) {
      if (position === probed[next]) next++;
      else this.#try(best, range, position, wanted);
    }
    return best;
  }

  /** Measures a candidate unless it is certainly nearer than the `wanted` best, and puts it among them. */
  #try(best: Found[], range: CandidateRange, position: number, wanted: number): void {
    const flat = at(range, position);
    const p = Math.floor(flat / this.#noise);
    const anchor = this.#anchor(p);
    const set = this.#set(p);
    const s = flat - p * this.#noise;
    const worst = best[wanted - 1];
    const length = this.#lengths[position] ?? NaN;
    if (worst && this.#isNear(anchor, set, s, length, worst.distance)) return;
    const distance = this.#distance(anchor, set, s, worst?.distance);
    if (distance !== undefined) insert(best, { position, distance }, wanted);
  }

  /** Positions of the candidates whose inner products are least on average: the farthest are mostly among them. */
  #promising(range: CandidateRange, wanted: number): number[] {
    const best: Found[] = [];
    const width = 2 * pairsOf(this.#setup.rows) + 1;
    if (this.#lengths.length < range.count) this.#lengths = new Float64Array(range.count);
    const lengths = this.#lengths;
    for (let position = 0; position < range.count; position++) {
      const flat = at(range, position);
      const p = Math.floor(flat / this.#noise);
      const anchor = this.#anchor(p);
      const set = this.#set(p);
      const s = flat - p * this.#noise;
      const length = this.#length(anchor, set, s);
      lengths[position] = length;
      const distance = -(anchor.mean + (set.measures.products[s * width + width - 1] ?? 0)) / length;
      const worst = best[wanted - 1];
      if (!worst || distance > worst.distance) insert(best, { position, distance }, wanted);
    }
    return best.map(({ position }) => position);
  }

  /** The squared distance of a candidate; of no interest, and not sought, where it is less than another. */
  #distance(anchor: SearchAnchor, set: NoiseSet, s: number, least?: number): number | undefined {
    const { count, k, sigma } = this.#setup;
    const [row, own, scratch] = [set.row(s), anchor.products, this.#scratch];
    const length = this.#length(anchor, set, s);
    const near = least === undefined ? Infinity : length * (1 - least / 2) + slack;
    let above = 0;
    for (let j = 0; j < count; j++) {
      const product = (own[j] ?? 0) + sigma * (row[j] ?? 0);
      scratch[j] = product;
      if (product > near) above++;
    }
    return above >= k ? undefined : 2 - (2 * kthLargest(scratch, count, k)) / length;
  }

  /** Whether a candidate is certainly nearer than a squared distance. */
  #isNear(anchor: CountedAnchor, set: NoiseSet, s: number, length: number, distance: number): boolean {
    const { rows, k, scale } = this.#setup;
    const least = (length * (1 - distance / 2) + slack) * scale + 2;
    if (least >= wholeLimit) return false;
    const pairs = pairsOf(rows);
    const bound = (Math.max(Math.ceil(least), 1 - wholeLimit) * (1 + 2 ** 16)) | 0;
    const start = s * pairs;
    const own = anchor.whole;
    const whole = set.measures.whole;
    const most = rows - k;
    // Two at a time: of own + whole - bound the sign bits of either half tell whether it is below. Where the lower half is, it takes one
    // from the upper, which then may count as below at the bound itself: a candidate more that is measured.
    const odd = 2 * pairs - rows;
    let counts = -odd * 2 ** 16;
    let j = 0;
    // fewer pairs than half of K cannot be enough
    for (let enough = Math.ceil(k / 2); ; enough = Math.min(pairs, j + countedAtOnce)) {
      for (; j + 4 <= enough; j += 4) {
        const at = start + j;
        counts +=
          ((((own[j] ?? 0) + (whole[at] ?? 0) - bound) >>> 15) & signs) +
          ((((own[j + 1] ?? 0) + (whole[at + 1] ?? 0) - bound) >>> 15) & signs) +
          ((((own[j + 2] ?? 0) + (whole[at + 2] ?? 0) - bound) >>> 15) & signs) +
          ((((own[j + 3] ?? 0) + (whole[at + 3] ?? 0) - bound) >>> 15) & signs);
      }
      for (; j < enough; j++) counts += (((own[j] ?? 0) + (whole[start + j] ?? 0) - bound) >>> 15) & signs;
      const below = (counts & 0xffff) + (counts >> 16);
      if (2 * j - below - odd >= k) return true;
      if (below > most || j >= pairs) return false;
    }
  }

  /** ν, the length of the anchor plus noise. */
  #length({ row }: SearchAnchor, set: NoiseSet, s: number): number {
    const { sigma, rows, scale } = this.#setup;
    const along = (set.measures.products[s * (2 * pairsOf(rows) + 1) + row] ?? 0) / scale;
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
