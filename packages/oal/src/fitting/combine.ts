/**
 * The combination of a fit's detectors: chosen by the trials that choose the detector that decides, and ranked among the known pictures of
 * those trials, which are pictures of the training part that nothing was fitted on; none of them calibrates.
 */
import { auroc, combinationId, makeDecision, type Engine } from "oal-core";
import {
  chooseMembers,
  combinationOf,
  combinationSentence,
  combinedScores,
  rankSums,
} from "../evaluation/combine.js";
import type { CombinationChoice } from "../evaluation/result.js";
import { percent } from "./calibrate.js";
import { errorOfDifference, overTrials, type DetectorChoice, type Trial } from "./choose.js";
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

/**
 * The same with the combination as one more detector, which decides where it is better than the one that was chosen by more than chance.
 *
 * @param keep  share of known pictures that decisions keep
 */
export async function withCombination(
  engine: Engine,
  measured: MeasuredDetectors,
  keep: number,
): Promise<MeasuredDetectors> {
  const { choice, scoring, leftOut } = measured;
  const { trials } = choice;
  const isWhole = ({ known, unknown }: Trial, id: string): boolean =>
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
  // a class that a member could not score is no class of the combination either
  const complete = leftOut.filter(({ scores }) => made.members.every((id) => scores[id] !== undefined));
  const left = await combinedScores(
    engine,
    made,
    complete.flatMap(({ scores }) => [sideOf(scores, "known"), sideOf(scores, "unknown")]),
  );
  return {
    combination,
    choice: decidedBy(choice, combination, keep),
    scoring: {
      ...scoring,
      fitted: [...scoring.fitted, made.fitted],
      sets: scoring.sets.map((set, k) => ({
        ...set,
        confidence: { ...set.confidence, [combinationId]: own[k] ?? new Float32Array() },
      })),
    },
    leftOut: leftOut.map((each) => {
      const k = complete.indexOf(each);
      const [known, unknown] = left.slice(2 * k, 2 * k + 2);
      if (k < 0 || !known || !unknown) return each;
      return {
        ...each,
        scores: { ...each.scores, [combinationId]: { known, unknown } },
        auroc: { ...each.auroc, [combinationId]: auroc(known, unknown) },
      };
    }),
  };
}

/**
 * The choice with the combination in it. It decides only where its AUROC over the trials is larger than that of the detector that was
 * chosen by more than the standard error of their difference, and where, at cuts that keep the share asked for of the trials' known
 * pictures, it accepts no more of the unknown ones; else it is measured beside it.
 */
export function decidedBy(
  choice: DetectorChoice,
  combination: CombinationChoice,
  keep: number,
): DetectorChoice {
  const members = combination.steps.map(({ detector }) => detector);
  if (members.length < 2) return choice;
  const single = choice.detector;
  const trials = choice.trials.map((trial): Trial => {
    const { known, unknown } = rankSums(members, trial.known, trial.unknown);
    return {
      ...trial,
      known: { ...trial.known, [combinationId]: Float32Array.from(known) },
      unknown: { ...trial.unknown, [combinationId]: Float32Array.from(unknown) },
      auroc: { ...trial.auroc, [combinationId]: auroc(known, unknown) },
    };
  });
  // what is compared is compared over the same trials
  const both = trials.filter(({ auroc: own }) => own[single] !== undefined);
  const figures = (id: string): { readonly auroc: number; readonly accepted: number } => ({
    auroc: overTrials(both, ({ auroc: own }) => own[id]).score ?? 0,
    accepted: overTrials(both, (trial) => acceptedShare(trial, id, keep)).score ?? 1,
  });
  const [together, alone] = [figures(combinationId), figures(single)];
  const gain = together.auroc - alone.auroc;
  const chance = both.length < 2 ? Infinity : errorOfDifference(both, combinationId, single);
  const points = (share: number): string => `${(100 * share).toFixed(2)} points`;
  const compared = `over the same trials its AUROC is ${points(Math.abs(gain))} ${gain < 0 ? "below" : "above"} that of ${single} (chance: ${chance === Infinity ? "one trial says nothing of it" : points(chance)}), and at a cut that keeps ${percent(keep)} of the known pictures it accepts ${percent(together.accepted)} of the unknown ones, ${single} ${percent(alone.accepted)}`;
  const how = combinationSentence(
    combination,
    "AUROC over classes left out and unknown pictures that may choose",
  );
  if (gain > chance && together.accepted <= alone.accepted)
    return {
      ...choice,
      detector: combinationId,
      sentence: `The combination decides: ${compared}. ${how}.`,
    };
  return {
    ...choice,
    sentence: `${choice.sentence} The combination is measured only: ${compared}. ${how}.`,
  };
}

/** The share of a trial's unknown pictures that a cut accepts which keeps a share of its known ones. */
function acceptedShare({ known, unknown }: Trial, detector: string, keep: number): number | undefined {
  const [inside, outside] = [known[detector], unknown[detector]];
  if (!inside || !outside || inside.length === 0 || outside.length === 0) return undefined;
  const { cuts } = makeDecision(inside, { detector, target: keep });
  return outside.filter((score) => score >= cuts.unknown).length / outside.length;
}

function sideOf(scores: ClassLeftOut["scores"], side: "known" | "unknown"): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(scores).map(([id, own]) => [id, own[side]]));
}
