/** One set of noise vectors around a class: drawn in the class's coordinates, as far as each is looked at. */
import { Random } from "oal-core";
import type { Coordinates } from "./coordinates.js";
import type { NoiseMeasures } from "./products.js";

/** How much of a set is looked at first: rows of the class, and the coordinates that they need. */
export interface FirstLook {
  readonly rows: number;
  readonly rank: number;
  /** What the measured products are larger by; after those with the rows comes that with the mean of the rows. */
  readonly scale: number;
}

/** How many pairs rows make; of an odd number the last is paired with nothing. */
export const pairsOf = (rows: number): number => Math.ceil(rows / 2);

/** Where a set's numbers come from: every number is a function of it and of the position of the noise vector in the set. */
export interface NoiseOrigin {
  readonly seed: number;
  /** Class and round. */
  readonly purpose: string;
  /** The anchor that the set belongs to, counted from 1; 0 for the set of a whole round. */
  readonly owner: number;
}

/** A set of standard normal vectors. */
export class NoiseSet {
  readonly count: number;
  /** Coordinates of the first look, [count, rank]. */
  readonly drawn: Float32Array;
  /** Scaled inner products with the first rows and with their mean. */
  readonly measures: NoiseMeasures;
  /** Squared length of each vector. */
  readonly squares: Float64Array;
  readonly #coordinates: Coordinates;
  readonly #first: FirstLook;
  readonly #rest: Float64Array;
  readonly #random: Random;
  readonly #owner: number;
  readonly #rows = new Map<number, Float32Array>();

  private constructor(
    origin: NoiseOrigin,
    coordinates: Coordinates,
    first: FirstLook,
    drawn: Float32Array,
    measures: NoiseMeasures,
  ) {
    this.drawn = drawn;
    this.measures = measures;
    this.count = drawn.length / first.rank;
    this.#coordinates = coordinates;
    this.#first = first;
    this.#owner = origin.owner;
    this.#random = randomOf(origin);
    const open = coordinates.dimension - first.rank;
    this.#rest = restSquares(this.#random.derive("length"), origin.owner, this.count, open);
    this.squares = this.#rest.map((rest, s) => rest + squareOf(drawn, s * first.rank, (s + 1) * first.rank));
  }

  /**
   * Draws a set and has it measured.
   *
   * @param buffer  receives the coordinates of the first look; the set is of use until it is written over
   */
  static async draw(
    origin: NoiseOrigin,
    coordinates: Coordinates,
    first: FirstLook,
    buffer: Float32Array,
    measure: (drawn: Float32Array) => Promise<NoiseMeasures>,
  ): Promise<NoiseSet> {
    const drawn = randomOf(origin).quickNormals(origin.owner, buffer.length, buffer);
    return new NoiseSet(origin, coordinates, first, drawn, await measure(drawn));
  }

  /** All coordinates of a vector, and the square of what lies outside of them. */
  coordinates(s: number): { readonly inside: Float32Array; readonly outside: number } {
    const { rank, dimension } = this.#coordinates;
    const inside = new Float32Array(rank);
    inside.set(this.drawn.subarray(s * this.#first.rank, (s + 1) * this.#first.rank));
    const open = dimension - this.#first.rank;
    if (open === 0) return { inside, outside: 0 };
    const rest = this.#random.derive("rest").quickNormals(this.#owner * this.count + s, open);
    const scale = Math.sqrt((this.#rest[s] ?? 0) / squareOf(rest, 0, open));
    const more = rank - this.#first.rank;
    for (let i = 0; i < more; i++) inside[this.#first.rank + i] = scale * (rest[i] ?? 0);
    return { inside, outside: scale * scale * squareOf(rest, more, open) };
  }

  /** Inner products of a vector with all rows of the class, in their order. */
  row(s: number): Float32Array {
    const known = this.#rows.get(s);
    if (known) return known;
    const { count, factor, rank } = this.#coordinates;
    const row = new Float32Array(count);
    const { rows, scale } = this.#first;
    const from = s * (2 * pairsOf(rows) + 1);
    for (let j = 0; j < rows; j++) row[j] = (this.measures.products[from + j] ?? 0) / scale;
    if (rows < count) {
      const { inside } = this.coordinates(s);
      for (let j = rows; j < count; j++) row[j] = along(factor, j * rank, inside);
    }
    this.#rows.set(s, row);
    return row;
  }

  /** Standard normal numbers for the direction of what lies outside of the coordinates, [dimension]. */
  direction(s: number): Float32Array {
    return this.#random
      .derive("direction")
      .quickNormals(this.#owner * this.count + s, this.#coordinates.dimension);
  }
}

const randomOf = ({ seed, purpose }: NoiseOrigin): Random => new Random(seed, `boundary/noise/${purpose}`);

/** Inner product of a vector with the numbers from a place on, in four sums, so that no addition waits for the one before. */
function along(values: Float32Array, at: number, vector: Float32Array): number {
  const { length } = vector;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let c = 0;
  for (; c + 4 <= length; c += 4) {
    s0 += (values[at + c] ?? 0) * (vector[c] ?? 0);
    s1 += (values[at + c + 1] ?? 0) * (vector[c + 1] ?? 0);
    s2 += (values[at + c + 2] ?? 0) * (vector[c + 2] ?? 0);
    s3 += (values[at + c + 3] ?? 0) * (vector[c + 3] ?? 0);
  }
  for (; c < length; c++) s0 += (values[at + c] ?? 0) * (vector[c] ?? 0);
  return s0 + s1 + (s2 + s3);
}

function squareOf(values: Float32Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) {
    const value = values[i] ?? 0;
    sum += value * value;
  }
  return sum;
}

/**
 * Squared lengths of standard normal vectors of `freedom` dimensions, drawn without the vectors: chi-squared numbers.
 *
 * @source Marsaglia and Tsang 2000, "A simple method for generating gamma variables": d v with d = k/2 - 1/3, v = (1 + x / sqrt(9d))^3
 *   of a normal x, accepted when ln u < x^2 / 2 + d (1 - v + ln v); nearly every draw is
 */
function restSquares(random: Random, step: number, count: number, freedom: number): Float64Array {
  const squares = new Float64Array(count);
  if (freedom === 0) return squares;
  // the method below holds from two dimensions on
  if (freedom === 1) return squares.map((_, s) => (random.quickNormals(step * count + s, 1)[0] ?? 0) ** 2);
  const d = freedom / 2 - 1 / 3;
  for (let attempt = 0, open = count; open > 0; attempt++) {
    const part = random.derive(String(attempt));
    const normals = part.quickNormals(step, count);
    const uniforms = part.uniforms(step, count);
    for (let s = 0; s < count; s++) {
      if (squares[s] !== 0) continue;
      const x = normals[s] ?? 0;
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v <= 0 || Math.log(uniforms[s] ?? 0) >= x * x * 0.5 + d * (1 - v + Math.log(v))) continue;
      squares[s] = 2 * d * v;
      open--;
    }
  }
  return squares;
}
