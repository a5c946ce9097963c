/**
 * Named streams of random numbers. Every value is a function of (seed, purpose, step, index) alone: nothing is carried from call to
 * call, so a run that was stopped, or is spread over workers, draws the same numbers.
 */
import { expectArguments, kind, kinds } from "../errors/index.js";
import { normalsOfWords } from "./normalQuantile.js";
import { philoxFill } from "./philox.js";

// The last counter word keeps the kinds of draw of one purpose apart.
const UNIFORM = 0;
const NORMAL = 1;
const INTEGER = 2;
const PERMUTATION = 3;
const QUICK_NORMAL = 4;
const QUICK_INDEX = 5;
const CHUNK = 4096;
const scratch = new Uint32Array(CHUNK);

/**
 * A stateless stream of random numbers.
 *
 * The key is a 64-bit hash of seed and purpose; the counter is (block of the index, step as two words, kind of draw).
 *
 * @example
 * const random = new Random(1, "train/augment");
 * random.uniforms(3, 4);   // the same four numbers in every process
 */
export class Random {
  readonly seed: number;
  readonly purpose: string;
  readonly #key0: number;
  readonly #key1: number;

  /**
   * @param seed  any finite number
   * @param purpose  what the numbers are for, such as "train/flip"; other purposes are independent
   */
  constructor(seed: number, purpose: string) {
    expectArguments("Random", { seed: [seed, kinds.finite], purpose: [purpose, kinds.text] });
    this.seed = seed;
    this.purpose = purpose;
    [this.#key0, this.#key1] = hash64(`${seed}:${purpose}`);
  }

  /**
   * Uniform numbers in [0, 1), multiples of 2^-24.
   *
   * @param step  integer >= 0: position of the call, such as the training step
   * @param count  how many
   * @param out  receives the first `count` entries; made when absent
   */
  uniforms(step: number, count: number, out?: Float32Array): Float32Array {
    const numbers = receiver("uniforms", step, count, out);
    for (let start = 0; start < count; start += CHUNK) {
      const words = this.#words(step, start, Math.min(CHUNK, count - start), UNIFORM);
      for (let i = 0; i < words.length; i++) numbers[start + i] = ((words[i] ?? 0) >>> 8) * 2 ** -24;
    }
    return numbers;
  }

  /**
   * Standard normal numbers by Box-Muller: sqrt(-2 ln u) (cos, sin)(2 pi v) with u, v multiples of 2^-32, u > 0.
   * The last bit may differ between machines, whose logarithm and cosine differ.
   *
   * @param step  as in `uniforms`
   * @param count  as in `uniforms`
   * @param out  as in `uniforms`
   */
  normals(step: number, count: number, out?: Float32Array): Float32Array {
    const numbers = receiver("normals", step, count, out);
    for (let start = 0; start < count; start += CHUNK) {
      const wanted = Math.min(CHUNK, count - start);
      const words = this.#words(step, start, wanted + (wanted & 1), NORMAL);
      for (let i = 0; i < wanted; i += 2) {
        const radius = Math.sqrt(-2 * Math.log(((words[i] ?? 0) + 1) * 2 ** -32));
        const angle = (words[i + 1] ?? 0) * (2 ** -31 * Math.PI);
        numbers[start + i] = radius * Math.cos(angle);
        if (i + 1 < wanted) numbers[start + i + 1] = radius * Math.sin(angle);
      }
    }
    return numbers;
  }

  /**
   * Standard normal numbers by the billion: quantiles of hashed counters, six times as fast as `normals` and other numbers than
   * its. Absolute errors stay below 2e-5.
   *
   * @param step  as in `uniforms`
   * @param count  as in `uniforms`, at most 2^32
   * @param out  as in `uniforms`
   */
  quickNormals(step: number, count: number, out?: Float32Array): Float32Array {
    const numbers = receiver("quickNormals", step, count, out);
    const first = this.#key0 ^ mixed(step >>> 0);
    const second = this.#key1 ^ mixed((Math.floor(step / 2 ** 32) >>> 0) + QUICK_NORMAL);
    for (let start = 0; start < count; start += CHUNK) {
      const words = scratch.subarray(0, Math.min(CHUNK, count - start));
      for (let i = 0; i < words.length; i++) words[i] = mixed(mixed(start + i + first) + second);
      normalsOfWords(words, numbers, start);
    }
    return numbers;
  }

  /**
   * Integers in [0, bound) by the billion, for resampling: hashed counters, four times as fast as `uniforms`; uniform to within
   * bound / 2^32.
   *
   * @param step  as in `uniforms`
   * @param count  how many, at most 2^32
   * @param bound  1 to 2^31
   * @param out  receives the first `count` entries; made when absent
   */
  quickIndices(step: number, count: number, bound: number, out?: Uint32Array): Uint32Array {
    expectArguments("Random.quickIndices", {
      step: [step, kinds.count],
      count: [count, kinds.count],
      bound: [bound, kinds.positiveCount],
      out: [out, kinds.optional(kind("a Uint32Array", (value) => value instanceof Uint32Array))],
    });
    const first = this.#key0 ^ mixed(step >>> 0);
    const second = this.#key1 ^ mixed((Math.floor(step / 2 ** 32) >>> 0) + QUICK_INDEX);
    const scale = bound * 2 ** -32;
    const indices = out ?? new Uint32Array(count);
    for (let i = 0; i < count; i++) indices[i] = (mixed(mixed(i + first) + second) >>> 0) * scale;
    return indices;
  }

  /**
   * One integer in [0, bound), uniform to within bound / 2^53.
   *
   * @param step  as in `uniforms`
   * @param index  integer >= 0 and < 2^32: which of the step's integers
   * @param bound  1 to 2^32
   */
  integer(step: number, index: number, bound: number): number {
    if (!isWhole(step) || !isWhole(index) || !isWhole(bound) || bound === 0) {
      // Looked at closely only here: this is called once per image.
      expectArguments("Random.integer", {
        step: [step, kinds.count],
        index: [index, kinds.count],
        bound: [bound, kinds.positiveCount],
      });
    }
    const block = scratch.subarray(0, 4);
    this.#fill(block, index, step, INTEGER);
    return bounded(block[0] ?? 0, block[1] ?? 0, bound);
  }

  /** A uniformly drawn order of 0 to n-1 (Fisher-Yates). `step` as in `uniforms`. */
  permutation(step: number, n: number): Uint32Array {
    expectArguments("Random.permutation", { step: [step, kinds.count], n: [n, kinds.count] });
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let start = 0; start < n; start += CHUNK / 2) {
      const wanted = Math.min(CHUNK / 2, n - start);
      const words = this.#words(step, 2 * start, 2 * wanted, PERMUTATION);
      for (let i = 0; i < wanted; i++) {
        const here = start + i;
        const other = here + bounded(words[2 * i] ?? 0, words[2 * i + 1] ?? 0, n - here);
        const value = order[here] ?? 0;
        order[here] = order[other] ?? 0;
        order[other] = value;
      }
    }
    return order;
  }

  /** The stream of a part of this purpose: `new Random(seed, purpose + "/" + part)`. */
  derive(part: string): Random {
    expectArguments("Random.derive", { part: [part, kinds.text] });
    return new Random(this.seed, `${this.purpose}/${part}`);
  }

  /** Words `start` to `start + count` of one step; `start` is a multiple of 4. The result is valid until the next call. */
  #words(step: number, start: number, count: number, kind: number): Uint32Array {
    const words = scratch.subarray(0, count);
    this.#fill(words, start / 4, step, kind);
    return words;
  }

  #fill(words: Uint32Array, block: number, step: number, kind: number): void {
    philoxFill(words, block, step >>> 0, Math.floor(step / 2 ** 32) >>> 0, kind, this.#key0, this.#key1);
  }
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Where numbers go: the array given, or a new one. */
function receiver(call: string, step: number, count: number, out: Float32Array | undefined): Float32Array {
  expectArguments(`Random.${call}`, {
    step: [step, kinds.count],
    count: [count, kinds.count],
    out: [out, kinds.optional(kinds.float32)],
  });
  return out ?? new Float32Array(count);
}

/** Scales 53 random bits to [0, bound). */
function bounded(high: number, low: number, bound: number): number {
  return Math.floor((high * 2 ** 21 + (low >>> 11)) * 2 ** -53 * bound);
}

/** Two 32-bit FNV-1a hashes of the text with different starts, each passed through MurmurHash3's finaliser. */
function hash64(text: string): [number, number] {
  let a = 0x811c9dc5;
  let b = 0xcbf29ce4;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ (unit + 0x9e37), 0x01000193) ^ (b >>> 15);
  }
  return [finish(a), finish(b ^ Math.imul(text.length, 0x9e3779b1))];
}

/** A bijection of 32-bit words whose results look unrelated for neighbouring words. */
function mixed(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function finish(hash: number): number {
  let x = hash;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
