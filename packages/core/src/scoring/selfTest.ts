/**
 * The self-test of a model file: a picture made by a formula, and what the file said of it where it was written. Whoever runs the file
 * elsewhere (another engine, a browser, another language) shows it the same picture and compares.
 */
import { expectArguments, kinds } from "../errors/index.js";
import { aDecision } from "../detection/decision.js";
import { decide, type Decision } from "../detection/index.js";
import { shortestFloat32 } from "../graph/index.js";
import type { RgbImage } from "../preprocess/index.js";

/** What a detector of the file said of the picture. */
export interface ExpectedAnswer {
  readonly score: number;
  readonly pValue: number;
  /** Null where the score lies so close to the cut that another engine may decide otherwise. */
  readonly known: boolean | null;
  /** Largest differences that are no fault: what engines differ by in rounding. */
  readonly tolerance: { readonly score: number; readonly pValue: number };
}

/** A self-test as a model file holds it in `oal.selfTest`. */
export interface SelfTest {
  /** Sides of the picture in pixels; {@link selfTestPicture} makes it. */
  readonly width: number;
  readonly height: number;
  /** Index of the most probable class; null where engines round too coarsely to agree in it always. */
  readonly label: number | null;
  /** By the detector's id; those whose score jumps (see `jumps` of a detector) are left out. */
  readonly detectors: Readonly<Record<string, ExpectedAnswer>>;
}

/** What is compared with it. */
export interface FoundAnswer {
  readonly score: number;
  readonly pValue: number;
  readonly known: boolean;
}

/** Sides of the picture, where the file takes pictures of any size: not square, and larger one way than most inputs. */
export const selfTestSize = { width: 97, height: 61 } as const;

/** Share of the scores' standard deviation that engines may differ by, where all is computed in single precision. */
const usualShare = 1e-4;
/** Float32 has 24 bits; a sum of some thousand terms keeps about 20. */
const leastRelative = 2 ** -20;

/**
 * The picture of a self-test: colour c = 0, 1, 2 of the pixel in column x of row y is v, or 510 - v where v is above 255, of
 * v = (x (3 + 2 c) + y (7 - 2 c) + floor(x y / (8 + c))) mod 510. Whole numbers only, so that every language makes the same.
 *
 * @param width pixels, >= 1
 * @param height pixels, >= 1
 * @example selfTestPicture(2, 1).data   // [0, 0, 0, 3, 5, 7]
 */
export function selfTestPicture(width: number, height: number): RgbImage {
  expectArguments("selfTestPicture", {
    width: [width, kinds.positiveCount],
    height: [height, kinds.positiveCount],
  });
  const data = new Uint8Array(3 * width * height);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        const v = (x * (3 + 2 * c) + y * (7 - 2 * c) + Math.floor((x * y) / (8 + c))) % 510;
        data[to++] = v > 255 ? 510 - v : v;
      }
  return { width, height, data };
}

/**
 * How much the score of one picture may differ between engines: a ten-thousandth of the standard deviation of the calibration scores,
 * and never less than single precision can keep.
 *
 * @param score of the picture
 * @param share of the standard deviation, where it is another
 */
export function scoreTolerance(decision: Decision, score: number, share = usualShare): number {
  expectArguments("scoreTolerance", {
    decision: [decision, aDecision],
    score: [score, kinds.number],
    share: [share, kinds.number],
  });
  const { calibration } = decision;
  const finite = calibration.filter(Number.isFinite);
  const mean = finite.reduce((sum, each) => sum + each, 0) / Math.max(1, finite.length);
  const variance = finite.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, finite.length);
  return Math.max(share * Math.sqrt(variance), leastRelative * Math.abs(score));
}

/**
 * What a detector is expected to say elsewhere of a picture that it gave this score.
 *
 * @param label index of the most probable class
 * @param share see {@link scoreTolerance}
 */
export function expectedAnswer(
  decision: Decision,
  score: number,
  label: number,
  share = usualShare,
): ExpectedAnswer {
  expectArguments("expectedAnswer", {
    decision: [decision, aDecision],
    score: [score, kinds.number],
    label: [label, kinds.count],
    share: [share, kinds.number],
  });
  const allowed = Number(scoreTolerance(decision, score, share).toPrecision(3));
  const here = decide(decision, score, label);
  const near = [score - allowed, score + allowed].map((each) => decide(decision, each, label));
  const apart = Math.max(...near.map(({ pValue }) => Math.abs(pValue - here.pValue)));
  return {
    score: shortestFloat32(score),
    pValue: shortestFloat32(here.pValue),
    known: near.every(({ known }) => known === here.known) ? here.known : null,
    tolerance: { score: allowed, pValue: Number((apart + 1e-6).toPrecision(3)) },
  };
}

const aFoundAnswer = kinds.fields({ score: kinds.number, pValue: kinds.number, known: kinds.boolean });
const aSelfTest = kinds.fields({
  width: kinds.positiveCount,
  height: kinds.positiveCount,
  label: kinds.nullable(kinds.count),
  detectors: kinds.recordOf(
    kinds.fields({
      score: kinds.number,
      pValue: kinds.number,
      known: kinds.nullable(kinds.boolean),
      tolerance: kinds.fields({ score: kinds.number, pValue: kinds.number }),
    }),
  ),
});

/**
 * What differs from a self-test, as sentences; none when all is as it was where the file was written.
 *
 * @param label index of the most probable class
 * @param found what each detector said
 */
export function selfTestFaults(
  expected: SelfTest,
  label: number,
  found: Readonly<Record<string, FoundAnswer>>,
): string[] {
  expectArguments("selfTestFaults", {
    expected: [expected, aSelfTest],
    label: [label, kinds.integer],
    found: [found, kinds.recordOf(aFoundAnswer)],
  });
  const faults =
    expected.label === null || label === expected.label
      ? []
      : [`the most probable class is number ${label}, not ${expected.label}`];
  const verdict = (known: boolean): string => (known ? "known" : "unknown");
  for (const [id, { score, pValue, known, tolerance }] of Object.entries(expected.detectors)) {
    const here = found[id];
    const fault = !here
      ? "no score"
      : (farFrom("score", here.score, score, tolerance.score) ??
        farFrom("p value", here.pValue, pValue, tolerance.pValue) ??
        (known === null || here.known === known
          ? null
          : `${verdict(here.known)} instead of ${verdict(known)}`));
    if (fault) faults.push(`${id}: ${fault}`);
  }
  return faults;
}

/** What is said of a number that is further from the wanted one than it may be, or is none; null for others. */
function farFrom(name: string, here: number, wanted: number, most: number): string | null {
  if (Math.abs(here - wanted) <= most) return null;
  return `${name} ${here} instead of ${wanted} (at most ${most} apart)`;
}
