/**
 * Philox4x32-10, the counter-based generator of Salmon et al. 2011 ("Parallel random numbers: as easy as 1, 2, 3").
 * A block of four 32-bit words is a pure function of a 128-bit counter and a 64-bit key: no state, so any worker can make any part.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/**
 * Fills `out` with consecutive blocks: words 4b to 4b+3 are Philox of the counter (firstBlock + b, c1, c2, c3).
 *
 * @param out  receives the words; a length that is not a multiple of 4 cuts the last block
 * @param firstBlock  counter word 0 of the first block, modulo 2^32
 * @param key0,key1  the 64-bit key as two 32-bit words
 * @cost about 10 ns per word
 * @source Salmon et al. 2011; the product's high word is built from 16-bit partial products
 */
export function philoxFill(
  out: Uint32Array,
  firstBlock: number,
  c1: number,
  c2: number,
  c3: number,
  key0: number,
  key1: number,
): void {
  const length = out.length;
  const low0 = MULTIPLIER_0 & 0xffff;
  const high0 = MULTIPLIER_0 >>> 16;
  const low1 = MULTIPLIER_1 & 0xffff;
  const high1 = MULTIPLIER_1 >>> 16;
  for (let at = 0, block = firstBlock; at < length; at += 4, block++) {
    let x0 = block | 0;
    let x1 = c1 | 0;
    let x2 = c2 | 0;
    let x3 = c3 | 0;
    let k0 = key0 | 0;
    let k1 = key1 | 0;
    for (let round = 0; round < 10; round++) {
      const a0 = x0 & 0xffff;
      const a1 = x0 >>> 16;
      const b0 = x2 & 0xffff;
      const b1 = x2 >>> 16;
      const t0 = (Math.imul(high0, a0) >>> 0) + (Math.imul(low0, a0) >>> 16);
      const u0 = (Math.imul(low0, a1) >>> 0) + (t0 & 0xffff);
      const top0 = (Math.imul(high0, a1) + (t0 >>> 16) + (u0 >>> 16)) | 0;
      const t1 = (Math.imul(high1, b0) >>> 0) + (Math.imul(low1, b0) >>> 16);
      const u1 = (Math.imul(low1, b1) >>> 0) + (t1 & 0xffff);
      const top1 = (Math.imul(high1, b1) + (t1 >>> 16) + (u1 >>> 16)) | 0;
      const bottom0 = Math.imul(MULTIPLIER_0, x0);
      const bottom1 = Math.imul(MULTIPLIER_1, x2);
      x0 = top1 ^ x1 ^ k0;
      x1 = bottom1;
      x2 = top0 ^ x3 ^ k1;
      x3 = bottom0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    out[at] = x0;
    out[at + 1] = x1;
    out[at + 2] = x2;
    out[at + 3] = x3;
  }
}

/**
 * One Philox4x32-10 block.
 *
 * @param counter  four 32-bit words
 * @param key  two 32-bit words
 * @returns four 32-bit words
 * @example philox4x32([0, 0, 0, 0], [0, 0])   // 6627e8d5 e169c58d bc57ac4c 9b00dbd8
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Uint32Array {
  const out = new Uint32Array(4);
  philoxFill(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return out;
}
