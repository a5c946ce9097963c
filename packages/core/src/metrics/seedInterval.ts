/**
 * Interval and p value of a mean over seeds. Two things make such a mean uncertain. The luck of training differs from seed to seed, so
 * the seeds themselves show it: their standard error with Student's t, since few seeds tell their own spread badly. What all seeds have in
 * common, the test images, they cannot show: its interval comes from elsewhere (a bootstrap over images) and is added. Both are
 * independent, so their half-widths are added as the sides of a right angle.
 */
import { expectArguments, kind, kinds } from "../errors/index.js";
import { normalQuantile } from "../random/normalQuantile.js";
import { studentP, studentQuantile } from "./student.js";
import { summarizeSeeds } from "./seeds.js";

/** The p value below which none is told apart. */
const leastP = 2e-11;

const anInterval = kind(
  "two numbers",
  (value) => Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number"),
);
const severalValues = kind(
  "at least two numbers",
  (value) => Array.isArray(value) && value.length > 1 && value.every((each) => typeof each === "number"),
);

/**
 * The interval of the mean of a value per seed, and the p value of "the mean is 0": below 1 - `level` where the interval leaves 0 out.
 * low = mean - sqrt((t s / sqrt(n))^2 + (mean - common[0])^2), high alike; s: standard deviation over the n seeds with ddof 1, t: of n - 1
 * degrees of freedom. Where training decides, that is the t interval, which holds its level with two seeds already; where the common
 * images decide, it is their interval; in between it is a little too wide, never too narrow.
 *
 * @param values  one per seed, at least two
 * @param common  95 % interval of the mean by what the seeds have in common; [mean, mean] where there is nothing
 * @param level  default 0.95
 * @source Student 1908; adding half-widths of independent parts: Howe 1974, Zou and Donner 2008 (MOVER)
 * @example seedInterval([0.01, 0.012, 0.05], [0.023, 0.025])   // interval [-0.032, 0.080], p 0.20
 */
export function seedInterval(
  values: readonly number[],
  common: readonly [number, number],
  level = 0.95,
): { interval: [number, number]; p: number } {
  expectArguments("seedInterval", {
    values: [values, severalValues],
    common: [common, anInterval],
    level: [level, kinds.fraction],
  });
  const { mean, sampleDeviation } = summarizeSeeds(values);
  const ofSeeds = sampleDeviation / Math.sqrt(values.length);
  const degrees = values.length - 1;
  const [below, above] = [Math.max(0, mean - common[0]), Math.max(0, common[1] - mean)];
  const reach = studentQuantile(level, degrees) * ofSeeds;
  // the common interval's level is 95 %; at another one it is that of a normal distribution as wide
  const scale = normalDistance(1 - level) / normalDistance(0.05);
  return {
    interval: [mean - Math.hypot(reach, scale * below), mean + Math.hypot(reach, scale * above)],
    p: pOf(Math.abs(mean), degrees, ofSeeds, (mean > 0 ? below : above) / normalDistance(0.05)),
  };
}

/** How many standard deviations a normal number is away from its mean with a two-sided p value. */
function normalDistance(p: number): number {
  return -normalQuantile(Math.max(p, leastP) / 2);
}

/** The p at which the interval ends at 0. @param common  standard error of what the seeds have in common, on the side of 0 */
function pOf(distance: number, degrees: number, ofSeeds: number, common: number): number {
  if (distance === 0) return 1;
  const reached = (t: number): number =>
    Math.hypot(t * ofSeeds, normalDistance(studentP(t, degrees)) * common);
  let [low, high] = [0, 1];
  while (reached(high) < distance && studentP(high, degrees) > leastP) high *= 2;
  if (reached(high) < distance) return leastP;
  for (let i = 0; i < 45; i++) {
    const middle = (low + high) / 2;
    if (reached(middle) < distance) low = middle;
    else high = middle;
  }
  return Math.max(leastP, studentP((low + high) / 2, degrees));
}
