/**
 * Confidences in ascending order. Those that are float32, as scores are, are sorted by their bits, digit by digit; others as doubles.
 * Nothing is cast: an order is that of the numbers given, -0 equal to 0, infinities are ordinary extremes.
 */
import { oalError } from "../errors/index.js";

/** Confidences ascending, and which sample holds each; equal ones in the order of the samples. */
export interface OrderedScores {
  readonly values: Float32Array | Float64Array;
  readonly samples: Uint32Array;
}

/** Bits of a digit, and how many digits a key of 32 bits has. */
const DIGIT = 11;
const BUCKETS = 1 << DIGIT;
const DIGITS = 3;

/** Below this many keys, counting digits costs more than comparing. */
const FEW = 4096;

/** Throws OAL-E101 at the first NaN of `scores`. */
export function assertScores(scores: ArrayLike<number>, metric: string): void {
  for (let index = 0; index < scores.length; index++) {
    if (Number.isNaN(scores[index])) throw oalError("OAL-E101", { metric, index });
  }
}

/**
 * The confidences in ascending order.
 *
 * @param what  whose they are, for errors
 * @throws OAL-E101 when a score is NaN
 * @cost linear for float32 numbers, n log n for others
 */
export function ascending(scores: ArrayLike<number>, what: string): Float32Array | Float64Array {
  const keys = keysOf(scores, what);
  if (!keys) return Float64Array.from(scores, positiveZero).sort();
  return valuesOf(keys.length < FEW ? keys.sort() : byDigits(keys, null).keys);
}

/** As {@link ascending}, with the sample of each. */
export function ordered(scores: ArrayLike<number>, what: string): OrderedScores {
  const keys = keysOf(scores, what);
  const samples = Uint32Array.from({ length: scores.length }, (_, i) => i);
  if (keys) {
    const sorted = byDigits(keys, samples);
    return { values: valuesOf(sorted.keys), samples: sorted.samples ?? samples };
  }
  const values = Float64Array.from(scores, positiveZero);
  samples.sort((a, b) => compare(values[a] ?? 0, values[b] ?? 0) || a - b);
  return { values: values.slice().sort(), samples };
}

/** Comparison that also orders infinities. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function positiveZero(value: number): number {
  return value + 0;
}

/** Unsigned integers in the order of the scores; null where one of them is no float32. @throws OAL-E101 */
function keysOf(scores: ArrayLike<number>, what: string): Uint32Array | null {
  const floats = new Float32Array(scores.length);
  for (let i = 0; i < floats.length; i++) {
    const value = (scores[i] ?? 0) + 0;
    floats[i] = value;
    if (floats[i] === value) continue;
    assertScores(scores, what);
    return null;
  }
  const keys = new Uint32Array(floats.buffer);
  for (let i = 0; i < keys.length; i++) {
    const bits = keys[i] ?? 0;
    keys[i] = bits ^ ((bits >> 31) | 0x80000000);
  }
  return keys;
}

/** The scores of keys, in their place. */
function valuesOf(keys: Uint32Array): Float32Array {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    keys[i] = key ^ (~(key >> 31) | 0x80000000);
  }
  return new Float32Array(keys.buffer, keys.byteOffset, keys.length);
}

/** Keys in ascending order, with what goes with each; the lowest digit first, so that equal keys keep their order. */
function byDigits(
  keys: Uint32Array,
  samples: Uint32Array | null,
): { keys: Uint32Array; samples: Uint32Array | null } {
  const { length } = keys;
  const counts = new Uint32Array(DIGITS * BUCKETS);
  for (let i = 0; i < length; i++) {
    const key = keys[i] ?? 0;
    const middle = BUCKETS + ((key >>> DIGIT) & (BUCKETS - 1));
    const high = 2 * BUCKETS + (key >>> (2 * DIGIT));
    counts[key & (BUCKETS - 1)] = (counts[key & (BUCKETS - 1)] ?? 0) + 1;
    counts[middle] = (counts[middle] ?? 0) + 1;
    counts[high] = (counts[high] ?? 0) + 1;
  }
  let from: { keys: Uint32Array; samples: Uint32Array | null } = { keys, samples };
  let to: typeof from = { keys: new Uint32Array(length), samples: samples && new Uint32Array(length) };
  for (let digit = 0; digit < DIGITS; digit++) {
    const places = counts.subarray(digit * BUCKETS, (digit + 1) * BUCKETS);
    if (places.includes(length)) continue; // all keys share this digit
    let start = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const here = places[bucket] ?? 0;
      places[bucket] = start;
      start += here;
    }
    spread(from.keys, from.samples, to.keys, to.samples, places, digit * DIGIT);
    [from, to] = [to, from];
  }
  return from;
}

/** Moves every key to the next place of its digit. */
function spread(
  keys: Uint32Array,
  samples: Uint32Array | null,
  toKeys: Uint32Array,
  toSamples: Uint32Array | null,
  places: Uint32Array,
  shift: number,
): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    const bucket = (key >>> shift) & (BUCKETS - 1);
    const place = places[bucket] ?? 0;
    places[bucket] = place + 1;
    toKeys[place] = key;
    if (samples && toSamples) toSamples[place] = samples[i] ?? 0;
  }
}
