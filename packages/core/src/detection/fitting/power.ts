/** Yeo and Johnson's power transformation, which makes a column of numbers look more like a Gaussian one. */

/** Powers keep this distance from 0 and 2, where the formula becomes a logarithm that single precision cannot come near. */
const fromLogarithm = 0.01;
/** Powers that are tried. */
const range = [-5, 7] as const;

/**
 * x by power λ: ((x + 1)^λ - 1) / λ from 0 on, -((1 - x)^(2 - λ) - 1) / (2 - λ) below.
 *
 * @source Yeo and Johnson 2000, "A new family of power transformations to improve normality or symmetry"
 */
export function yeoJohnson(x: number, power: number): number {
  return x >= 0 ? ((x + 1) ** power - 1) / power : -((1 - x) ** (2 - power) - 1) / (2 - power);
}

/** The power of the largest likelihood of a Gaussian: golden section search; 1, which changes nothing, for a column of one value. */
export function fitPower(column: ArrayLike<number>): number {
  const values = Array.from(column);
  const n = values.length;
  if (values.every((value) => value === values[0])) return 1;
  const logs = values.reduce((sum, x) => sum + Math.sign(x) * Math.log1p(Math.abs(x)), 0);
  const likelihood = (power: number): number => {
    const own = apart(power);
    const moved = values.map((x) => yeoJohnson(x, own));
    const mean = moved.reduce((sum, y) => sum + y, 0) / n;
    const variance = moved.reduce((sum, y) => sum + (y - mean) ** 2, 0) / n;
    return (-n / 2) * Math.log(variance) + (own - 1) * logs;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [range[0], range[1]] as [number, number];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atA, atB] = [likelihood(a), likelihood(b)];
  while (high - low > 1e-6) {
    if (atA > atB) {
      [high, b, atB] = [b, a, atA];
      a = high - ratio * (high - low);
      atA = likelihood(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + ratio * (high - low);
      atB = likelihood(b);
    }
  }
  return apart((low + high) / 2);
}

/** A power moved away from 0 and 2. */
function apart(power: number): number {
  for (const singular of [0, 2])
    if (Math.abs(power - singular) < fromLogarithm)
      return singular + (power < singular ? -fromLogarithm : fromLogarithm);
  return power;
}
