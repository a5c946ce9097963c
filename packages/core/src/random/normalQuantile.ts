/**
 * The quantile function of the standard normal distribution, and a table of it from which normal numbers are read: a word's upper
 * bits choose a cell, its lower bits a place in it.
 */

/** Coefficients of numerator and denominator, lowest power first: near the middle in 0.180625 - q^2, in the tails in sqrt(-ln p) - 1.6. */
const middle = [
  [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
    67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852546,
  ],
] as const;
const tail = [
  [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
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
