/**
 * The combination of a fit's detectors: chosen by the trials that choose the detector that decides, and ranked among the known pictures of
 * those trials, which are pictures of the training part that nothing was fitted on; none of them calibrates.
 */
import { auroc, combinationId, type Engine } from "oal-core";
import { chooseMembers, combinationOf, combinationSentence, combinedScores } from "../evaluation/combine.js";
import type { CombinationChoice } from "../evaluation/result.js";
import type { DetectorChoice, TrialScores } from "./choose.js";
import type { ClassLeftOut } from "./leaveOut.js";
import type { Scoring } from "./scoring.js";

/** What a fit has of its detectors. */
export interface MeasuredDetectors {
  readonly choice: DetectorChoice;
  readonly scoring: Scoring;
  readonly leftOut: readonly ClassLeftOut[];
  /** How the combination came about; absent where none was asked for or made. */
  readonly combination?: CombinationChoice | undefined;
}

/** The same with the combination as one more detector, which decides where it is better than each alone. */
export async function withCombination(
  engine: Engine,
  measured: MeasuredDetectors,
): Promise<MeasuredDetectors> {
  const { choice, scoring, leftOut } = measured;
  const { trials } = choice;
  const isWhole = ({ known, unknown }: TrialScores, id: string): boolean =>
    [known[id], unknown[id]].every((scores) => scores !== undefined && !scores.some(Number.isNaN));
  const ids = scoring.fitted
    .map(({ detector }) => detector.id)
    .filter((id) => trials.every((trial) => isWhole(trial, id)));
  if (trials.length === 0 || ids.length < 2) {
    const why =
      trials.length === 0
        ? "there are neither three classes nor 40 unknown pictures to choose one by"
        : "it takes two detectors that cross-validation has scored, or more";
    const warnings = [...scoring.warnings, `no combination of detectors was made: ${why}`];
    return { ...measured, scoring: { ...scoring, warnings } };
  }
  const combination = chooseMembers(
    ids,
    trials.map(({ known, unknown }) => ({ known, unknown: [[unknown]] })),
  );
  const pooled = Object.fromEntries(
    ids.map((id) => [id, trials.flatMap(({ known }) => Array.from(known[id] ?? []))]),
  );
  const made = combinationOf(scoring.fitted, combination, pooled);
  const own = await combinedScores(
    engine,
    made,
    scoring.sets.map(({ confidence }) => confidence),
  );
  const left = await combinedScores(
    engine,
    made,
    leftOut.flatMap(({ scores }) => [sideOf(scores, "known"), sideOf(scores, "unknown")]),
  );
  const sentence = combinationSentence(
    combination,
    "AUROC over classes left out and unknown pictures that may choose",
  );
  return {
    combination,
    choice:
      combination.steps.length > 1
        ? { ...choice, detector: combinationId, sentence: `The combination decides. ${sentence}.` }
        : choice,
    scoring: {
      ...scoring,
      fitted: [...scoring.fitted, made.fitted],
      sets: scoring.sets.map((set, k) => ({
        ...set,
        confidence: { ...set.confidence, [combinationId]: own[k] ?? new Float32Array() },
      })),
    },
    leftOut: leftOut.map((each, k) => {
      const [known = new Float32Array(), unknown = new Float32Array()] = left.slice(2 * k, 2 * k + 2);
      return {
        ...each,
        scores: { ...each.scores, [combinationId]: { known, unknown } },
        auroc: { ...each.auroc, [combinationId]: auroc(known, unknown) },
      };
    }),
  };
}

function sideOf(scores: ClassLeftOut["scores"], side: "known" | "unknown"): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(scores).map(([id, own]) => [id, own[side]]));
}
