/** What is chosen by cross-validation inside the training part: the strength of a new head's penalty, and the detector that decides. */
import { auroc } from "oal-core";
import type { HeadFitter } from "./head.js";
import { leaveClassOut, spreadOver, type KnownPictures } from "./leaveOut.js";
import { scorePictures, type PictureSet, type ScoringGround } from "./scoring.js";
import type { Heads } from "./heads.js";

/** Strengths that are tried, the strongest first: each fit begins where the one before it ended. */
export const strengths: readonly number[] = [1e-1, 1e-2, 1e-3, 1e-4, 3e-5, 1e-5];

/** Most classes that are left out in turn where a detector is chosen; where it is measured, there are more. */
const mostClassesForChoice = 16;

/** The choice of a strength. */
export interface StrengthChoice {
  readonly strength: number;
  /** Mean cross-entropy of pictures that were not fitted on, in nats, per strength. */
  readonly candidates: readonly { readonly strength: number; readonly crossEntropy: number }[];
}

/** How many folds there are; a spread would take as many arguments as there are pictures. */
function foldsIn(folds: Int32Array): number {
  return folds.reduce((most, fold) => Math.max(most, fold + 1), 0);
}

/**
 * The strength with the smallest cross-entropy on pictures that a head was not fitted on.
 *
 * @param folds  fold of every row of the training part
 */
export async function chooseStrength(
  fitter: HeadFitter,
  folds: Int32Array,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<StrengthChoice> {
  const sums = strengths.map(() => 0);
  const count = foldsIn(folds);
  const all = Array.from(folds.keys());
  for (let fold = 0; fold < count; fold++) {
    onProgress(fold, count);
    const inside = all.filter((row) => folds[row] !== fold);
    const outside = all.filter((row) => folds[row] === fold);
    let start: Awaited<ReturnType<HeadFitter["fit"]>> | undefined;
    for (const [i, strength] of strengths.entries()) {
      start = await fitter.fit({ strength, rows: inside, start });
      const loss = await fitter.crossEntropy(start, outside);
      sums[i] = (sums[i] ?? 0) + (loss * outside.length) / all.length;
    }
  }
  const candidates = strengths.map((strength, i) => ({ strength, crossEntropy: sums[i] ?? Number.NaN }));
  const best = candidates.reduce((top, each) => (each.crossEntropy < top.crossEntropy ? each : top));
  return { strength: best.strength, candidates };
}

/** What one detector came to. */
export interface DetectorCandidate {
  readonly detector: string;
  /** Mean AUROC over the classes that were left out; null without any. */
  readonly leaveClassOut: number | null;
  /** AUROC against the unknown pictures that may choose; null without them. */
  readonly unknown: number | null;
  /** What was compared: the mean of those that are there; null without either. */
  readonly score: number | null;
  /** How far the score could be from that of the best by chance: standard error of the difference. */
  readonly uncertainty: number;
}

/** The choice of the detector that decides. */
export interface DetectorChoice {
  readonly detector: string;
  readonly candidates: readonly DetectorCandidate[];
  /** Why this one, in a sentence. */
  readonly sentence: string;
  /** The scores that it was chosen by. */
  readonly trials: readonly Trial[];
}

/** Scores of pictures of the training part that nothing was fitted on, and of unknown ones, by detector id. */
export interface Trial {
  readonly kind: "class" | "unknown";
  readonly known: Readonly<Record<string, Float32Array>>;
  readonly unknown: Readonly<Record<string, Float32Array>>;
  /** Of the detectors that gave all of them a score. */
  readonly auroc: Readonly<Record<string, number>>;
}

/** What a detector is chosen by. */
export interface ChoiceGround {
  readonly training: KnownPictures;
  /** Fold of every row of the training part. */
  readonly folds: Int32Array;
  /** Classes that can be left out, by index; none with fewer than three. */
  readonly classes: readonly number[];
  /** Unknown pictures that may choose. */
  readonly unknown: readonly string[];
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Chooses the detector that decides, by pictures of the training part and the unknown ones that may choose. A detector has to be better
 * than those before it by more than chance; so where nothing tells them apart, the simplest stays.
 */
export async function chooseDetector(
  ground: ScoringGround,
  heads: Heads,
  given: ChoiceGround,
): Promise<DetectorChoice> {
  const ids = ground.asked.map(({ detector }) => detector.id);
  const trials = [...(await byClasses(ground, heads, given)), ...(await byUnknown(ground, heads, given))];
  return choiceAmong(ids, trials, given);
}

/** The grounds of a choice that its sentence names. */
type NamedGrounds = Pick<ChoiceGround, "classes" | "unknown">;

/** The choice among some detectors by trials that were made. */
function choiceAmong(
  ids: readonly string[],
  trials: readonly Trial[],
  grounds: NamedGrounds,
): DetectorChoice {
  const scored = ids.map((detector) => ({
    detector,
    ...overTrials(trials, ({ auroc: own }) => own[detector]),
  }));
  const best = scored.reduce((top, each) => ((each.score ?? -1) > (top.score ?? -1) ? each : top));
  const candidates = scored.map((each) => ({
    ...each,
    uncertainty: errorOfDifference(trials, each.detector, best.detector),
  }));
  const first = candidates.find(
    ({ score, uncertainty }) => (score ?? -1) >= (best.score ?? -1) - uncertainty,
  );
  const chosen = first?.detector ?? best.detector;
  return { detector: chosen, candidates, sentence: reasonFor(chosen, best, grounds), trials };
}

/**
 * A choice once more, where the detector that was chosen cannot be used with the whole training part: the same rule among those that can.
 *
 * @param usable  ids of these, at least one
 */
export function chooseAgain(
  choice: DetectorChoice,
  usable: readonly string[],
  grounds: NamedGrounds,
): DetectorChoice {
  if (usable.includes(choice.detector)) return choice;
  const left = choice.candidates.flatMap(({ detector }) => (usable.includes(detector) ? [detector] : []));
  const again = choiceAmong(left.length > 0 ? left : usable, choice.trials, grounds);
  return {
    ...again,
    sentence: `${choice.detector} was chosen first, but cannot be used with the whole training part (a note says why). ${again.sentence}`,
  };
}

/** A figure over trials: the mean over those of each kind, and the mean of these means; null where there is none. */
export function overTrials(
  trials: readonly Trial[],
  figure: (trial: Trial) => number | undefined,
): Pick<DetectorCandidate, "leaveClassOut" | "unknown" | "score"> {
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  const of = (kind: Trial["kind"]): number | null =>
    mean(
      trials.flatMap((trial) => {
        const own = trial.kind === kind ? figure(trial) : undefined;
        return own === undefined ? [] : [own];
      }),
    );
  const [leaveClassOut, unknown] = [of("class"), of("unknown")];
  return { leaveClassOut, unknown, score: mean([leaveClassOut, unknown].filter((value) => value !== null)) };
}

/** Every class left out in turn, heads fitted on all folds but one, whose pictures are the known ones. */
async function byClasses(
  ground: ScoringGround,
  heads: Heads,
  { training, folds, classes, onProgress }: ChoiceGround,
): Promise<Trial[]> {
  const count = foldsIn(folds);
  const chosen = spreadOver(classes, mostClassesForChoice);
  const trials: Trial[] = [];
  for (const [i, without] of chosen.entries()) {
    onProgress?.(i, chosen.length);
    const fold = i % count;
    const all = Array.from(training.labels.keys());
    const outside = all.filter((row) => folds[row] === fold);
    const left = await leaveClassOut(ground, heads, training, {
      without,
      rows: all.filter((row) => folds[row] !== fold),
      known: {
        hashes: outside.map((row) => training.hashes[row] ?? ""),
        labels: Int32Array.from(outside, (row) => training.labels[row] ?? -1),
      },
      unknown: all.flatMap((row) => (training.labels[row] === without ? [training.hashes[row] ?? ""] : [])),
    });
    if (!left) continue;
    const side = (name: "known" | "unknown"): Record<string, Float32Array> =>
      Object.fromEntries(Object.entries(left.scores).map(([id, own]) => [id, own[name]]));
    trials.push({ kind: "class", auroc: left.auroc, known: side("known"), unknown: side("unknown") });
  }
  return trials;
}

/** Every fold left out in turn, its pictures against the unknown ones that may choose. */
async function byUnknown(
  ground: ScoringGround,
  heads: Heads,
  { training, folds, unknown }: ChoiceGround,
): Promise<Trial[]> {
  if (unknown.length === 0) return [];
  const trials: Trial[] = [];
  const all = Array.from(training.labels.keys());
  for (let fold = 0; fold < foldsIn(folds); fold++) {
    const set = (name: string, rows: readonly number[]): PictureSet => ({
      name,
      hashes: rows.map((row) => training.hashes[row] ?? ""),
      labels: Int32Array.from(rows, (row) => training.labels[row] ?? -1),
    });
    const inside = all.filter((row) => folds[row] !== fold);
    const outside = all.filter((row) => folds[row] === fold);
    if (inside.length === 0 || outside.length === 0) continue;
    const source = await heads.at({ rows: inside });
    const { sets } = await scorePictures(ground, source, set("training pictures", inside), [
      set("known", outside),
      { name: "unknown", hashes: unknown, labels: new Int32Array(unknown.length).fill(-1) },
    ]);
    const [known, others] = sets;
    const values: Record<string, number> = {};
    for (const [id, own] of Object.entries(known?.confidence ?? {})) {
      const other = others?.confidence[id];
      if (other && !own.some(Number.isNaN) && !other.some(Number.isNaN)) values[id] = auroc(own, other);
    }
    trials.push({
      kind: "unknown",
      auroc: values,
      known: known?.confidence ?? {},
      unknown: others?.confidence ?? {},
    });
  }
  return trials;
}

/** Standard error of the mean difference of two detectors over trials. */
export function errorOfDifference(trials: readonly Trial[], a: string, b: string): number {
  const differences = trials.flatMap(({ auroc: own }) => {
    const [left, right] = [own[a], own[b]];
    return left === undefined || right === undefined ? [] : [left - right];
  });
  const n = differences.length;
  if (a === b || n < 2) return 0;
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return Math.sqrt(variance / n);
}

function reasonFor(
  chosen: string,
  best: { readonly detector: string; readonly score: number | null },
  { classes, unknown }: NamedGrounds,
): string {
  const grounds = [
    ...(classes.length > 0 ? ["classes left out in turn"] : []),
    ...(unknown.length > 0 ? [`${unknown.length} unknown pictures that may choose`] : []),
  ];
  if (grounds.length === 0 || best.score === null)
    return `${chosen} decides: there are neither three classes nor 40 unknown pictures to choose a detector by, so the simplest is taken.`;
  const by = `by cross-validation inside the training part, with ${grounds.join(" and ")}`;
  return chosen === best.detector
    ? `${chosen} decides: the best ${by}.`
    : `${chosen} decides: ${by}, ${best.detector} was not better by more than chance.`;
}
