/** The decision of a detector from known pictures that nothing else has seen: one cut, a second one, one per predicted class. */
import { classCuts, makeDecision, type ClassCut, type Decision } from "oal-core";

/** How to calibrate. */
export interface CalibrateOptions {
  /** Share of known pictures to keep, in (0, 1]. */
  readonly keep: number;
  /** Share of known pictures above the second cut; undefined: no such cut. */
  readonly ask: number | undefined;
  /** Whether every predicted class has a cut of its own. */
  readonly perClass: boolean;
  readonly classes: number;
}

/** A calibrated detector. */
export interface Calibrated {
  readonly decision: Decision;
  /** The cuts per predicted class; null where one cut is everyone's. */
  readonly classCuts: readonly ClassCut[] | null;
}

/**
 * Calibrates one detector.
 *
 * @param scores  of the calibration part
 * @param predicted  its predicted classes
 */
export function calibrate(
  detector: string,
  scores: Float32Array,
  predicted: Int32Array,
  { keep, ask, perClass, classes }: CalibrateOptions,
): Calibrated {
  const second = ask === undefined ? {} : { ask };
  const decision = makeDecision(scores, { detector, target: keep, ...second });
  if (!perClass || keep >= 1) return { decision, classCuts: null };
  const cuts = classCuts(scores, predicted, { classes, target: keep, ...second, pooled: decision.cuts });
  return { decision: { ...decision, perClass: cuts.map((each) => each.cuts) }, classCuts: cuts };
}
