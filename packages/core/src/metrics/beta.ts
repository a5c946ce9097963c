/** The Beta distribution: its distribution function and quantiles, to about twelve digits. */
import { expectArguments, kind, kinds } from "../errors/index.js";

/** Coefficients of Lanczos' approximation with g = 7, relative error below 2e-15. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Gamma(x) for x > 0. */
function logGamma(x: number): number {
  const [first = 1, ...rest] = lanczos;
  const sum = rest.reduce((total, coefficient, i) => total + coefficient / (x + i), first);
  const base = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

/**
 * The regularised incomplete beta function I_x(a, b): the probability that a Beta(a, b) variable is at most x.
 *
 * @param x  in [0, 1]
 * @param a  above 0
 * @param b  above 0
 * @source the continued fraction of Abramowitz and Stegun 26.5.8 by Lentz's method, as in "Numerical Recipes" 6.4
 */
export function betaDistribution(x: number, a: number, b: number): number {
  expectArguments("betaDistribution", {
    x: [x, kinds.fraction],
    a: [a, kinds.finite],
    b: [b, kinds.finite],
  });
  if (x === 0 || x === 1) return x;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // the fraction converges fast on this side of the mean only
  return x < (a + 1) / (a + b + 2)
    ? (front * continuedFraction(x, a, b)) / a
    : 1 - (front * continuedFraction(1 - x, b, a)) / b;
}

function continuedFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < 100_000; m++) {
    let change = 1;
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change = c * d;
      result *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return result;
}

/**
 * The x below which a Beta(a, b) variable lies with probability p.
 *
 * @param p  in [0, 1]
 * @param a  above 0
 * @param b  above 0
 */
export function betaQuantile(p: number, a: number, b: number): number {
  expectArguments("betaQuantile", { p: [p, kinds.fraction], a: [a, kinds.finite], b: [b, kinds.finite] });
  if (p === 0 || p === 1) return p;
  let [low, high] = [0, 1];
  while (high - low > 1e-15 * high) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (betaDistribution(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Interval of a rate of which a number of trials showed so many hits: the exact one, which holds its level for every rate.
 *
 * @param hits  from 0 to `count`
 * @param count  trials, at least 1
 * @param level  in [0, 1). Default 0.95
 * @source Clopper and Pearson 1934
 */
export function binomialInterval(hits: number, count: number, level = 0.95): [number, number] {
  expectArguments("binomialInterval", {
    hits: [hits, kinds.count],
    count: [count, kinds.positiveCount],
    level: [level, kinds.fraction],
  });
  expectArguments("binomialInterval", {
    hits: [hits, kind(`at most ${count}, the number of trials`, () => hits <= count)],
  });
  const tail = (1 - level) / 2;
  return [
    hits === 0 ? 0 : betaQuantile(tail, hits, count - hits + 1),
    hits === count ? 1 : betaQuantile(1 - tail, hits + 1, count - hits),
  ];
}
