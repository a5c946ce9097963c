/** Numbers of 16 bits (IEEE 754 binary16): as bits, from numbers of 32. */

/** The largest number that 16 bits hold. */
export const largestHalf = 65504;

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/**
 * The bits of the nearest number of 16 bits, halves to the even one.
 *
 * @param value beyond 65504 it becomes infinite
 */
export function halfBits(value: number): number {
  single[0] = value;
  const [word = 0] = bits;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds beyond the largest
  if (magnitude >= 0x38800000) {
    // normal: another bias of the exponent, 13 bits rounded away
    const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
    return sign | (rounded >>> 13);
  }
  // Below 2^-14 numbers are multiples of 2^-24.
  const steps = Math.abs(single[0] ?? 0) * 2 ** 24;
  const low = Math.floor(steps);
  const part = steps - low;
  return sign | (part > 0.5 || (part === 0.5 && low % 2 === 1) ? low + 1 : low);
}
