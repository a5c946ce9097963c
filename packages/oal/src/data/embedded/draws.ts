/**
 * Arithmetic shared by the embedded data set. Only + - * / floor and sqrt are used on the way to a pixel, in fixed order, so that the
 * images are bit-identical on every machine and in browsers; `Math.sin` and friends promise no such thing.
 */
import type { Random } from "oal-core";

/** Sides of an image unless another size is asked for, in pixels: lengths of what is drawn are given for this one. */
export const usualSize = 32;

/**
 * The random numbers of one image: a cursor over the counter-based uniforms of (seed, purpose, image index). The numbers of an image
 * never depend on how many another image took. It also knows how large the image is.
 */
export class Draws {
  /** Sides of the image in pixels. */
  readonly size: number;
  /** What a length that is meant for {@link usualSize} is multiplied by. */
  readonly unit: number;
  readonly #random: Random;
  readonly #step: number;
  #values: Float32Array;
  #at = 0;

  /**
   * @param random  stream of the set
   * @param step  index of the image in its set
   * @param size  sides of the image in pixels
   */
  constructor(random: Random, step: number, size = usualSize) {
    this.size = size;
    this.unit = size / usualSize;
    this.#random = random;
    this.#step = step;
    this.#values = random.uniforms(step, 256);
  }

  /** The next uniform number in [0, 1). */
  next(): number {
    if (this.#at >= this.#values.length) this.#grow(this.#at + 1);
    return this.#values[this.#at++] ?? 0;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** A uniformly chosen element of a list that is not empty. */
  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.integer(list.length)] ?? list[0];
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.next() < p;
  }

  /** The next `count` uniform numbers as a view, valid until the next call. */
  block(count: number): Float32Array {
    if (this.#at + count > this.#values.length) this.#grow(this.#at + count);
    this.#at += count;
    return this.#values.subarray(this.#at - count, this.#at);
  }

  #grow(count: number): void {
    this.#values = this.#random.uniforms(this.#step, Math.max(count, 2 * this.#values.length));
  }
}

/**
 * sin(2π t) by the odd Taylor polynomial to degree 11 after reduction to a quarter turn; absolute error below 1e-7.
 *
 * @param turns  angle in turns, |t| < 2^40
 */
export function sine(turns: number): number {
  let t = turns - Math.floor(turns + 0.5);
  if (t > 0.25) t = 0.5 - t;
  else if (t < -0.25) t = -0.5 - t;
  const x = t * 6.283185307179586;
  const s = x * x;
  return x * (1 + s * (-1 / 6 + s * (1 / 120 + s * (-1 / 5040 + s * (1 / 362880 - s / 39916800)))));
}

/** cos(2π t); see `sine`. */
export function cosine(turns: number): number {
  return sine(turns + 0.25);
}

/** `x` limited to [low, high]. */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}

/** Hermite step 3t² - 2t³ of t limited to [0, 1]. */
export function smoothStep(t: number): number {
  const c = clamp(t, 0, 1);
  return c * c * (3 - 2 * c);
}
