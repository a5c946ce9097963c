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
  readonly #line: { readonly re: Float64Array; readonly im: Float64Array };
  readonly #made: { readonly re: Float64Array; readonly im: Float64Array };

  /** @param size height and width of the planes */
  constructor(size: number) {
    this.#size = size;
    this.#cos = Float64Array.from({ length: size }, (_, k) => cosine(k / size));
    this.#sin = Float64Array.from({ length: size }, (_, k) => sine(k / size));
    const line = () => ({ re: new Float64Array(size), im: new Float64Array(size) });
    [this.#line, this.#made] = [line(), line()];
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
    const [line, made, size] = [this.#line, this.#made, this.#size];
    for (let i = 0; i < size; i++) {
      line.re[i] = re[start + i * stride] ?? 0;
      line.im[i] = im[start + i * stride] ?? 0;
    }
    this.#transform(0, 1, 0, size);
    for (let i = 0; i < size; i++) {
      re[start + i * stride] = made.re[i] ?? 0;
      im[start + i * stride] = made.im[i] ?? 0;
    }
  }

  /** Transforms n values of the line (from `from`, `step` apart) into n of what is made, from `to` on. */
  #transform(from: number, step: number, to: number, n: number): void {
    const { re, im } = this.#made;
    if (n === 1) {
      re[to] = this.#line.re[from] ?? 0;
      im[to] = this.#line.im[from] ?? 0;
      return;
    }
    const factor = smallestFactor(n);
    const part = n / factor;
    for (let r = 0; r < factor; r++) this.#transform(from + r * step, step * factor, to + r * part, part);
    // step is size / n: the n-th roots of 1 stand that far apart in the tables
    if (factor === 2) {
      this.#butterflies(to, part, step);
      return;
    }
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

  /** Two halves of n / 2 values each into one of n: the sum and the difference, the most frequent case. */
  #butterflies(to: number, part: number, step: number): void {
    const { re, im } = this.#made;
    for (let k = 0; k < part; k++) {
      const [low, high] = [to + k, to + part + k];
      const c = this.#cos[k * step] ?? 0;
      const s = -(this.#sin[k * step] ?? 0);
      const [a, b] = [re[high] ?? 0, im[high] ?? 0];
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

function smallestFactor(n: number): number {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor;
  return n;
}
