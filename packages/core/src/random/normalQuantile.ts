/**
 * The quantile function of the standard normal distribution, and a table of it from which normal numbers are read: a word's upper
 * bits choose a cell, its lower bits a place in it.
 */

/** Coefficients of numerator and denominator, lowest power first: near the middle in 0.180625 - q^2, in the tails in sqrt(-ln p) - 1.6. */
const middle = [
  [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
    39307.89580009271061, 28729.085735721942674, 5226.495278852545925,
  ],
] as const;
const tail = [
  [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
  ],
  [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
  ],
] as const;

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let power = coefficients.length - 1; power >= 0; power--) sum = sum * x + (coefficients[power] ?? 0);
  return sum;
}

/**
 * The number below which a standard normal number lies with probability p.
 *
 * @param p  in [1e-11, 1 - 1e-11]; the relative error is below 1e-15
 * @source Wichura 1988, Algorithm AS 241 (PPND16)
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(middle[0], r)) / polynomial(middle[1], r);
  }
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p))) - 1.6;
  const size = polynomial(tail[0], r) / polynomial(tail[1], r);
  return q < 0 ? -size : size;
}

const cells = 4096;
/** Cells at either end where the quantile bends too much for a straight line: there it is computed. */
const bent = 64;
let nodes: Float64Array | undefined;

/**
 * Turns words into standard normal numbers: quantiles of (word + 1/2) / 2^32, straight lines between 4096 nodes in the middle 97 %
 * (off by less than 2e-5), computed in the tails.
 *
 * @param words  uniform 32-bit words
 * @param out  receives as many numbers at `start`
 * @cost about 3 ns per number
 */
export function normalsOfWords(words: Uint32Array, out: Float32Array, start: number): void {
  nodes ??= Float64Array.from({ length: cells + 1 }, (_, i) =>
    normalQuantile(Math.min(Math.max(i / cells, 1e-6), 1 - 1e-6)),
  );
  const table = nodes;
  const count = words.length;
  for (let i = 0; i < count; i++) {
    const word = words[i] ?? 0;
    const cell = word >>> 20;
    if (cell < bent || cell >= cells - bent) {
      out[start + i] = normalQuantile((word + 0.5) * 2 ** -32);
      continue;
    }
    const low = table[cell] ?? 0;
    out[start + i] = low + ((table[cell + 1] ?? 0) - low) * (((word & 0xfffff) + 0.5) * 2 ** -20);
  }
}
