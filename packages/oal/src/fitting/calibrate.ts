/** What the decision of a detector promises, in numbers and in words. */
import {
  calibrationFor,
  coverage,
  fewestCalibration,
  keptOfCalibration,
  type ClassCut,
  type Coverage,
} from "oal-core";

/** What a calibration promises. */
export interface CalibrationPromise {
  /** Calibration pictures. */
  readonly count: number;
  /** Share of known pictures to keep. */
  readonly keep: number;
  /** Calibration pictures that a cut has to keep for it. */
  readonly kept: number;
  /** The share of new known pictures that is kept. */
  readonly coverage: Coverage;
  /** Calibration pictures that the promise takes. */
  readonly fewest: number | null;
  /** Calibration pictures that would bring the interval of the true rate down to 4 points. */
  readonly forFourPoints: number | null;
  /** All of it in sentences. */
  readonly sentences: readonly string[];
}

/** The width that a better calibration is measured by: two points to either side. */
const wantedWidth = 0.04;

/** What a number of calibration pictures promises. */
export function promiseOf(count: number, keep: number): CalibrationPromise {
  const kept = keptOfCalibration(count, keep);
  const rate = coverage(count, kept);
  const fewest = keep < 1 ? fewestCalibration(keep) : null;
  const forFourPoints = keep < 1 ? calibrationFor(keep, wantedWidth) : null;
  const pictures = count === 1 ? "1 calibration picture" : `${count} calibration pictures`;
  const range = `with ${pictures} the true rate lies between ${percent(rate.low)} and ${percent(rate.high)} with a probability of 95 %`;
  const enough = fewest !== null && count >= fewest;
  const main = enough
    ? `Of 100 known pictures about ${Math.round(100 * keep)} are kept: ${range}.`
    : fewest === null
      ? `The cut keeps every calibration picture, and ${percent(rate.mean)} of new known ones on average: ${range}.`
      : `${sentence(pictures)} ${count === 1 ? "is" : "are"} too few to promise ${percent(keep)}: the cut keeps all of them, and ${percent(rate.mean)} of new known ones on average; ${fewest} would be enough. ${sentence(range)}.`;
  const more =
    forFourPoints !== null && forFourPoints > count
      ? [
          `About ${roundUp(forFourPoints)} calibration pictures would narrow that to two points to either side.`,
        ]
      : [];
  return { count, keep, kept, coverage: rate, fewest, forFourPoints, sentences: [main, ...more] };
}

/** What cuts per class promise, in sentences. */
export function classSentences(
  cuts: readonly ClassCut[],
  classNames: readonly string[],
  keep: number,
): string[] {
  const pooled = cuts.flatMap(({ own }, c) => (own ? [] : [classNames[c] ?? String(c)]));
  const own = cuts.length - pooled.length;
  const rule = `Every predicted class with ${fewestCalibration(keep)} calibration pictures or more has a cut of its own: of the known pictures that the model takes for it, at least ${percent(keep)} are kept.`;
  if (pooled.length === 0) return [rule, "All classes have one."];
  const names = `${pooled.slice(0, 8).join(", ")}${pooled.length > 8 ? ` and ${pooled.length - 8} more` : ""}`;
  return [
    rule,
    own === 0
      ? "No class has so many, so the cut of all of them together is used everywhere."
      : `${own === 1 ? "1 class has" : `${own} classes have`} one; too few pictures, and so the cut of all together: ${names}.`,
  ];
}

/** A share in percent, with one digit where it is no whole number. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${Math.abs(value - Math.round(value)) < 0.05 ? Math.round(value) : value.toFixed(1)} %`;
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** To two digits, upwards. */
function roundUp(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return Math.ceil(count / step) * step;
}
