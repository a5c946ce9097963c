/** Numbers of single precision as people and files write them. */
import { expectArguments, kinds } from "../errors/index.js";

/**
 * A float32 number in the fewest decimal digits (6 to 9) that give it back when they are rounded to float32.
 *
 * @param value rounded to float32 first; infinities and NaN stay, -0 becomes 0
 * @example shortestFloat32(Math.fround(0.1))   // 0.1, which Math.fround(0.1) is not
 */
export function shortestFloat32(value: number): number {
  expectArguments("shortestFloat32", { value: [value, kinds.number] });
  const single = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return Number(single.toPrecision(9));
}
