/** The discrete Fourier transform of square planes of any size. */
import { cosine, sine } from "../data/embedded/draws.js";

/**
 * Transforms planes of one size in place:
 *
 *   forward X(u, v) = Σ x(a, b) e^{−2πi (ua + vb) / S},  inverse x(a, b) = 1/S² Σ X(u, v) e^{+2πi (ua + vb) / S}
 *
 * Rows, then columns, each by the mixed-radix algorithm of Cooley and Tukey (1965): S (p₁ + p₂ + …) steps a line, with the prime factors p of S.
 */
export class Fourier {
  readonly #size: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** Where each value of a line begins, so that every stage joins neighbours. */
  readonly #order: Int32Array;
  /** Prime factors in the order of the stages. */
  readonly #factors: readonly number[];
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** @param size height and width of the planes */
  constructor(size: number) {
    this.#size = size;
    this.#cos = Float64Array.from({ length: size }, (_, k) => cosine(k / size));
    this.#sin = Float64Array.from({ length: size }, (_, k) => sine(k / size));
    const factors = primeFactors(size);
    this.#order = Int32Array.from(orderOf(factors));
    this.#factors = factors.toReversed();
    [this.#re, this.#im] = [new Float64Array(size), new Float64Array(size)];
  }

  /** @param re,im real and imaginary parts, [size, size], replaced by those of the transform */
  forward(re: Float64Array, im: Float64Array): void {
    for (let i = 0; i < this.#size; i++) this.#along(re, im, i * this.#size, 1);
    for (let i = 0; i < this.#size; i++) this.#along(re, im, i, this.#size);
  }

  /** The other way round: forward with the parts exchanged, divided by their number. */
  inverse(re: Float64Array, im: Float64Array): void {
    this.forward(im, re);
    const count = this.#size * this.#size;
    for (let at = 0; at < count; at++) {
      re[at] = (re[at] ?? 0) / count;
      im[at] = (im[at] ?? 0) / count;
    }
  }

  /** One line of a plane: `size` values from `start`, `stride` apart. */
  #along(re: Float64Array, im: Float64Array, start: number, stride: number): void {
    const [ownRe, ownIm, order, size] = [this.#re, this.#im, this.#order, this.#size];
    for (let i = 0; i < size; i++) {
      const from = start + (order[i] ?? 0) * stride;
      ownRe[i] = re[from] ?? 0;
      ownIm[i] = im[from] ?? 0;
    }
    let part = 1;
    for (const factor of this.#factors) {
      const n = part * factor;
      for (let to = 0; to < size; to += n)
        if (factor === 2) this.#butterflies(to, part, size / n);
        else this.#combine(to, part, factor, size / n);
      part = n;
    }
    for (let i = 0; i < size; i++) {
      re[start + i * stride] = ownRe[i] ?? 0;
      im[start + i * stride] = ownIm[i] ?? 0;
    }
  }

  /** `factor` transforms of `part` values each into one. @param step how far apart the roots of 1 of that size stand in the tables */
  #combine(to: number, part: number, factor: number, step: number): void {
    const [re, im] = [this.#re, this.#im];
    const [termsRe, termsIm] = [new Float64Array(factor), new Float64Array(factor)];
    for (let k = 0; k < part; k++) {
      for (let r = 0; r < factor; r++) {
        const [a, b] = [re[to + r * part + k] ?? 0, im[to + r * part + k] ?? 0];
        const root = r * k * step;
        const [c, s] = [this.#cos[root] ?? 0, -(this.#sin[root] ?? 0)];
        termsRe[r] = a * c - b * s;
        termsIm[r] = a * s + b * c;
      }
      for (let q = 0; q < factor; q++) {
        let [sumRe, sumIm] = [0, 0];
        for (let r = 0; r < factor; r++) {
          const root = ((r * q) % factor) * part * step;
          const [c, s] = [this.#cos[root] ?? 0, -(this.#sin[root] ?? 0)];
          const [a, b] = [termsRe[r] ?? 0, termsIm[r] ?? 0];
          sumRe += a * c - b * s;
          sumIm += a * s + b * c;
        }
        re[to + q * part + k] = sumRe;
        im[to + q * part + k] = sumIm;
      }
    }
  }

  /** Two transforms into one: the sum and the difference, the most frequent case. */
  #butterflies(to: number, part: number, step: number): void {
    const [re, im, cos, sin] = [this.#re, this.#im, this.#cos, this.#sin];
    for (let k = 0; k < part; k++) {
      const [low, high] = [to + k, to + part + k];
      const c = cos[k * step] ?? 0;
      const s = -(sin[k * step] ?? 0);
      const a = re[high] ?? 0;
      const b = im[high] ?? 0;
      const turnedRe = a * c - b * s;
      const turnedIm = a * s + b * c;
      const lowRe = re[low] ?? 0;
      const lowIm = im[low] ?? 0;
      re[low] = lowRe + turnedRe;
      im[low] = lowIm + turnedIm;
      re[high] = lowRe - turnedRe;
      im[high] = lowIm - turnedIm;
    }
  }
}

/** The prime factors of a number, the smallest first. */
function primeFactors(n: number): number[] {
  for (let factor = 2; factor * factor <= n; factor++)
    if (n % factor === 0) return [factor, ...primeFactors(n / factor)];
  return n > 1 ? [n] : [];
}

/** The values of a line, those whose places have the same rest by the first factor beside one another, and so on within. */
function orderOf([factor, ...rest]: readonly number[]): number[] {
  if (factor === undefined) return [0];
  const within = orderOf(rest);
  return Array.from({ length: factor }, (_, r) => within.map((place) => r + factor * place)).flat();
}
