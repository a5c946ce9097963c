/** Percentiles of all elements of a tap, exact, of streams of any length: what memory holds does not grow with them. */
import { between, quantilePlace } from "../../metrics/quantile.js";
import type { FitStreams, StreamTap } from "../fit.js";

/** Half of the bits of a number: one pass counts elements by the upper half, a second one by the lower half where it matters. */
const halves = 2 ** 16;

/**
 * Percentiles of all elements, as of their sorted list ({@link quantilePlace}): two passes, in which elements are counted by the bits of
 * their float32.
 *
 * @param percentiles  q in [0, 100]
 * @returns NaN of no elements; NaN counts as larger than every number
 */
export async function elementPercentiles<Name extends StreamTap>(
  streams: FitStreams<Name>,
  name: Name,
  percentiles: readonly number[],
): Promise<number[]> {
  const upper = new Float64Array(halves);
  await eachKey(streams, name, (key) => {
    const half = key >>> 16;
    upper[half] = (upper[half] ?? 0) + 1;
  });
  const count = upper.reduce((sum, own) => sum + own, 0);
  const places = percentiles.map((q) => quantilePlace(count, q / 100));
  const lower = new Map<number, Float64Array>();
  for (const { low, high } of places)
    for (const rank of [low, high]) lower.set(placeOf(upper, rank).at, new Float64Array(halves));
  await eachKey(streams, name, (key) => {
    const counts = lower.get(key >>> 16);
    if (counts) counts[key & 0xffff] = (counts[key & 0xffff] ?? 0) + 1;
  });
  const valueAt = (rank: number): number => {
    const first = placeOf(upper, rank);
    const second = placeOf(lower.get(first.at) ?? new Float64Array(halves), first.rest);
    return count === 0 ? NaN : numberOf(first.at * halves + second.at);
  };
  return places.map(({ low, high, share }) => between(valueAt(low), valueAt(high), share));
}

/** The bin that holds the element of a rank, and its rank inside. */
function placeOf(counts: Float64Array, rank: number): { readonly at: number; readonly rest: number } {
  let rest = rank;
  for (let at = 0; at < counts.length; at++) {
    const own = counts[at] ?? 0;
    if (rest < own) return { at, rest };
    rest -= own;
  }
  return { at: 0, rest: 0 };
}

/** Visits every element as a whole number that sorts as the elements do. */
async function eachKey<Name extends StreamTap>(
  streams: FitStreams<Name>,
  name: Name,
  visit: (key: number) => void,
): Promise<void> {
  for await (const { taps } of streams.batches()) {
    const { buffer, byteOffset, length } = taps[name].data;
    for (const bits of new Uint32Array(buffer, byteOffset, length)) visit(keyOf(bits));
  }
}

/** The bits of a float32 in the order of the numbers: below 0 all bits are turned, else the sign's. */
function keyOf(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0xffffffff; // NaN of either sign
  return (bits >>> 31 === 1 ? ~bits : bits | 0x80000000) >>> 0;
}

function numberOf(key: number): number {
  const bits = key >>> 31 === 1 ? key ^ 0x80000000 : ~key;
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, bits | 0);
  return view.getFloat32(0);
}
