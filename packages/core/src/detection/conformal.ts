/**
 * What a calibration promises: how many calibration pictures a cut must keep, what share of new pictures it keeps then, within
 * which bounds, and how many pictures that takes. Pictures are taken to be drawn alike and apart from each other, as calibration
 * pictures and those of the model's use are when they come from one source.
 *
 * @source split conformal prediction: Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random World"; the distribution of
 *   the true rate: Vovk 2012, "Conditional validity of inductive conformal predictors", proposition 2a
 */
import { expectArguments, kind, kinds } from "../errors/index.js";
import { betaQuantile } from "../metrics/beta.js";
import { assertScores } from "../metrics/sorting.js";
import type { Cuts } from "./decision.js";

/** A share to keep as an argument: all of it cannot be promised by any number of pictures. */
const aShare = kind("a share in (0, 1)", (value) => typeof value === "number" && value > 0 && value < 1);
const aKeep = kind("a share in (0, 1]", (value) => typeof value === "number" && value > 0 && value <= 1);

/**
 * How many of n calibration pictures a cut must keep, so that a new picture is kept with probability at least `keep`:
 * ceil(keep (n + 1)), and all n where n is too small for that (see {@link fewestCalibration}).
 *
 * @param count  calibration pictures n, at least 1
 * @param keep  share of known pictures to keep, in (0, 1]
 * @example keptOfCalibration(100, 0.95)   // 96
 */
export function keptOfCalibration(count: number, keep: number): number {
  expectArguments("keptOfCalibration", { count: [count, kinds.positiveCount], keep: [keep, aKeep] });
  // 0.95 * 20 must count as 19 whatever its last bit
  return Math.min(count, Math.max(1, Math.ceil(keep * (count + 1) - 1e-9)));
}

/**
 * The fewest calibration pictures that can promise to keep a share: 19 for 0.95, 9 for 0.9. With fewer, a cut that keeps all of them
 * keeps n / (n + 1) of new pictures on average.
 *
 * @param keep  share of known pictures to keep, in (0, 1)
 * @example fewestCalibration(0.95)   // 19
 */
export function fewestCalibration(keep: number): number {
  expectArguments("fewestCalibration", { keep: [keep, aShare] });
  return Math.max(1, Math.ceil(keep / (1 - keep) - 1e-9));
}

/** What share of new known pictures a calibrated cut keeps. */
export interface Coverage {
  /** On average over all calibrations of this size. */
  readonly mean: number;
  /** Bounds of this calibration's own rate, which lies between them with probability `level`. */
  readonly low: number;
  readonly high: number;
  readonly level: number;
}

/**
 * The share of new known pictures that a cut keeps which keeps k of n calibration pictures: Beta(k, n + 1 - k). Scores that tie at the
 * cut can only raise it.
 *
 * @param count  calibration pictures n, at least 1
 * @param kept  those that reach the cut, k, from 1 to n
 * @param level  probability of the interval, in (0, 1); the same share is cut off at both ends. Default 0.95
 * @example coverage(99, 95)   // { mean: 0.95, low: 0.899..., high: 0.983..., level: 0.95 }
 */
export function coverage(count: number, kept: number, level = 0.95): Coverage {
  expectArguments("coverage", {
    count: [count, kinds.positiveCount],
    kept: [kept, kinds.positiveCount],
    level: [level, aShare],
  });
  const upTo = kind(`at most ${count}, the number of calibration pictures`, () => kept <= count);
  expectArguments("coverage", { kept: [kept, upTo] });
  const [a, b] = [kept, count + 1 - kept];
  const tail = (1 - level) / 2;
  return { mean: a / (a + b), low: betaQuantile(tail, a, b), high: betaQuantile(1 - tail, a, b), level };
}

/**
 * How many calibration pictures make the interval of the true rate as narrow as wanted.
 *
 * @param keep  share of known pictures to keep, in (0, 1)
 * @param width  of the interval, from bound to bound, in (0, 1)
 * @param level  probability of the interval. Default 0.95
 * @example calibrationFor(0.95, 0.04)   // about 450: the true rate lies within 4 points
 */
export function calibrationFor(keep: number, width: number, level = 0.95): number {
  expectArguments("calibrationFor", {
    keep: [keep, aShare],
    width: [width, aShare],
    level: [level, aShare],
  });
  const fits = (count: number): boolean => {
    const { low, high } = coverage(count, keptOfCalibration(count, keep), level);
    return high - low <= width;
  };
  let high = fewestCalibration(keep);
  while (!fits(high)) high *= 2;
  let low = Math.max(fewestCalibration(keep), Math.floor(high / 2));
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/** The cut of one predicted class. */
export interface ClassCut {
  /** Calibration pictures that the model takes for this class. */
  readonly count: number;
  /** Whether they are enough for a cut of its own; otherwise `cuts` are the pooled ones. */
  readonly own: boolean;
  readonly cuts: Cuts;
}

/** How classes are calibrated. */
export interface ClassCutOptions {
  /** Number of classes C. */
  readonly classes: number;
  /** Share to keep, in (0, 1). */
  readonly target: number;
  /** Share above the cut `ask`; default: no such cut. */
  readonly ask?: number;
  /** The cuts of all classes together, for classes with too few pictures. */
  readonly pooled: Cuts;
}

/**
 * Cuts per predicted class: of the known pictures that the model takes for class c, at least `target` are kept. A class with fewer
 * calibration pictures than {@link fewestCalibration} has the pooled cut.
 *
 * @param scores  confidences of the calibration pictures [n]
 * @param predicted  their predicted classes [n]
 * @returns one per class
 * @throws OAL-E101 for a score that is NaN
 * @example classCuts([1, 2, 3], [0, 0, 1], { classes: 2, target: 0.5, pooled: { unknown: 2 } })[1].own   // true
 */
export function classCuts(
  scores: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: ClassCutOptions,
): ClassCut[] {
  expectArguments("classCuts", {
    scores: [scores, kinds.numbers],
    predicted: [predicted, kinds.wholeNumbers],
    options: [
      options,
      kinds.fields({
        classes: kinds.positiveCount,
        target: aShare,
        ask: kinds.optional(aShare),
        pooled: kinds.fields({ unknown: kinds.number, ask: kinds.optional(kinds.number) }),
      }),
    ],
  });
  const { classes, target, ask, pooled } = options;
  assertScores(scores, "cuts per class");
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (let i = 0; i < scores.length; i++) byClass[predicted[i] ?? -1]?.push((scores[i] ?? 0) + 0);
  return byClass.map((own): ClassCut => {
    const count = own.length;
    if (count < fewestCalibration(target)) return { count, own: false, cuts: pooled };
    const ascending = Float32Array.from(own).sort();
    const unknown = conformalCut(ascending, target);
    const asked = ask === undefined ? {} : { ask: conformalCut(ascending, ask) };
    return { count, own: true, cuts: { unknown, ...asked } };
  });
}

/** The cut that keeps the share: the k-th largest of the scores, k by {@link keptOfCalibration}. @param ascending at least one */
export function conformalCut(ascending: Float32Array, keep: number): number {
  const count = ascending.length;
  return ascending[count - keptOfCalibration(count, keep)] ?? 0;
}
