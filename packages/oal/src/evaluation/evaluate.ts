/** Evaluation of one model: detectors fitted and perhaps searched, scores of every image, metrics with intervals. */
import {
  allRows,
  bankBytes,
  calibration,
  combinationId,
  defaultDetectors,
  largestBankInGraph,
  oalError,
  OalError,
  sampledVariant,
  type Algebra,
  type Engine,
  type FittedDetector,
  type RowKeeper,
} from "oal-core";
import { openAlgebra } from "./algebra.js";
import { askedDetectors, type AskedDetector, type DetectorChoice } from "./asked.js";
import { chooseCombination, combinedScores } from "./combine.js";
import type { FitCache } from "./fitCache.js";
import { fitDetector, fitGround, refuseNone, type FitGround } from "./fit.js";
import type { ModelSource } from "./modelTaps.js";
import { nullTestWarnings } from "./nullTest.js";
import { knownAccuracies, predictions, type OutputSet } from "./outputs.js";
import {
  mayChoose,
  type CombinationChoice,
  type EvaluationResult,
  type ModelScores,
  type SetScores,
} from "./result.js";
import { scoreTogether, type ScoreGround } from "./score.js";
import { searchDetector, type SearchedOutcome } from "./search.js";
import { summarize, type Measured, type SummaryOptions } from "./summary.js";

/** How to evaluate. */
export interface EvaluateOptions extends SummaryOptions {
  /** Detectors in table order. Default: all that are registered. */
  readonly detectors?: readonly DetectorChoice[] | undefined;
  /** Search the detectors' parameters on validation images; needs unknown ones among the sets. Default false. */
  readonly search?: boolean | undefined;
  /** Whether a combination of the detectors is chosen on validation images and measured as one more. Default false. */
  readonly combine?: boolean | undefined;
  /** The model itself, for detectors that need more of it than stored outputs. */
  readonly classifier?: ModelSource | undefined;
  /** Called before every batch that is fitted on or scored, and now and then between resamples; what it throws ends the evaluation. */
  readonly onBatch?: (() => void) | undefined;
  /** Where the rows of banks are kept. Default: in memory. */
  readonly keepRows?: RowKeeper | undefined;
  /** Where fits that took long are kept, so that they are not made again. Default: nowhere. */
  readonly fits?: FitCache | undefined;
  /** Bytes above which a bank is sampled for export. Default: what a graph may hold. */
  readonly largestBank?: number | undefined;
}

/** Scores of every image, and what they come to. */
export interface Summary {
  readonly result: EvaluationResult;
  readonly scores: ModelScores;
}

/** An evaluation with what it rests on. */
export interface Evaluation extends Summary {
  /** The same on validation images, known against near and far unknown: what settings may be chosen by. Null without unknown ones. */
  readonly validation: Summary | null;
  /** For export: the fitted detectors. */
  readonly fitted: readonly FittedDetector[];
}

/**
 * Evaluates one model from its outputs.
 *
 * @param engine  what computes the scores
 * @param model  its name in tables, such as "ce" or "oal"
 * @param seed  its training seed
 * @param sets  outputs on ID train (for detectors that are fitted on it), validation and test, near and far OOD, and unknown
 *   validation images
 * @throws OAL-E101 (a NaN score), OAL-E102 (no ID test image), OAL-E201, OAL-E202, OAL-E243 (detector, parameter, named
 *   twice), OAL-E104 (arrays that do not fit), OAL-E210 (keep), OAL-E211 (ask)
 * @source PROTOCOL sections 1, 5, 6 and 9
 */
export async function evaluate(
  engine: Engine,
  model: string,
  seed: number,
  sets: readonly OutputSet[],
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const test = sets.find((set) => set.group === "test");
  if (test === undefined || test.labels.length === 0)
    throw oalError("OAL-E102", { metric: "evaluation", side: "ID" });
  const measured = await measureModel(engine, model, seed, sets, options);
  const onTest = await measured.summaryOf(
    measured.scores.filter(({ group }) => !mayChoose(group)),
    test,
  );
  return {
    ...onTest,
    result: { ...onTest.result, accuracies: knownAccuracies(sets) },
    validation: await onValidation(measured, sets),
    fitted: measured.fitted,
  };
}

/**
 * Evaluates one model on validation images alone, known against unknown: what settings are chosen by. Sets of the test are no part of it,
 * and are refused.
 *
 * @param sets  outputs on ID train and validation, and on unknown validation images
 * @returns a result whose "test" images are the known validation images, and whose near and far sets are the unknown ones
 * @throws OAL-E102 without known or unknown validation images, OAL-X101 for a set of the test, else as `evaluate`
 */
export async function evaluateOnValidation(
  engine: Engine,
  model: string,
  seed: number,
  sets: readonly OutputSet[],
  options: EvaluateOptions = {},
): Promise<EvaluationResult> {
  const ofTest = sets.find(({ group }) => group === "test" || group === "near" || group === "far");
  if (ofTest) throw oalError("OAL-X101", { problem: `${ofTest.name} is a set of the test` });
  const summary = await onValidation(await measureModel(engine, model, seed, sets, options), sets);
  if (!summary) {
    const hasKnown = sets.some(({ group, labels }) => group === "validation" && labels.length > 0);
    throw oalError("OAL-E102", {
      metric: "evaluation on validation images",
      side: hasKnown ? "OOD" : "ID",
    });
  }
  return summary.result;
}

/** One model's detectors, fitted and run on every image. */
interface MeasuredModel {
  readonly fitted: readonly FittedDetector[];
  readonly scores: readonly SetScores[];
  /** Metrics of some of the sets; `images` are the known ones among them. */
  readonly summaryOf: (own: readonly SetScores[], images: OutputSet) => Promise<Summary>;
}

async function measureModel(
  engine: Engine,
  model: string,
  seed: number,
  sets: readonly OutputSet[],
  options: EvaluateOptions,
): Promise<MeasuredModel> {
  const asked = askedDetectors(options.detectors ?? defaultDetectors);
  const algebra = openAlgebra(engine);
  try {
    return await measureWith(algebra, engine, model, seed, sets, asked, options);
  } finally {
    await algebra.close();
  }
}

async function measureWith(
  algebra: Algebra,
  engine: Engine,
  model: string,
  seed: number,
  sets: readonly OutputSet[],
  asked: readonly AskedDetector[],
  options: EvaluateOptions,
): Promise<MeasuredModel> {
  const ground = await fitGround(engine, sets, options.classifier, asked, { ...options, algebra });
  const { classifier, onBatch, largestBank = largestBankInGraph } = options;
  const scoring: ScoreGround = { engine, model: classifier, head: ground.head, onBatch };
  const outcomes = await fitAll(asked, ground, scoring, options.search ?? false);
  const fitted = outcomes.flatMap((outcome) => ("fitted" in outcome ? [outcome.fitted] : []));
  const sampled = sampledBanks(fitted, largestBank, seed);
  const scored = await scoreAll(
    [...fitted, ...sampled.variants],
    sets.filter(({ group }) => group !== "train"),
    scoring,
  );
  const { ready, scores, warnings, combination } = options.combine
    ? await combined(engine, scored, largestBank)
    : { ...scored, combination: undefined };
  const measured: Omit<Measured, "calibration" | "classes"> = {
    parameters: Object.fromEntries(ready.map(({ detector, parameters }) => [detector.id, parameters])),
    searches: Object.fromEntries(
      outcomes.flatMap((outcome) =>
        "fitted" in outcome && outcome.search ? [[outcome.fitted.detector.id, outcome.search]] : [],
      ),
    ),
    ...(combination ? { combination } : {}),
    warnings: [
      ...outcomes.flatMap((outcome) => outcome.warnings),
      ...sampled.warnings,
      ...warnings,
      ...(options.fits?.warnings ?? []),
    ],
  };
  const ids = ready.map(({ detector }) => detector.id);
  const summaryOf = async (own: readonly SetScores[], images: OutputSet): Promise<Summary> => {
    const all: ModelScores = { model, seed, detectors: ids, sets: own };
    const classes = images.logits.width;
    const calibrated = calibration(allRows(images.logits), images.labels);
    const settings = { ...options, threads: options.threads ?? engine.facts.threads };
    const result = await summarize(all, { ...measured, classes, calibration: calibrated }, settings, onBatch);
    const told = nullTestWarnings(ready, result);
    return { scores: all, result: { ...result, warnings: [...result.warnings, ...told] } };
  };
  return { fitted: ready, scores, summaryOf };
}

/** The validation images as an evaluation of them; null without known or unknown ones. */
async function onValidation(
  { scores, summaryOf }: MeasuredModel,
  sets: readonly OutputSet[],
): Promise<Summary | null> {
  const validation = sets.find((set) => set.group === "validation" && set.labels.length > 0);
  const chooser = asTestSets(scores);
  return validation && chooser.length > 0 ? summaryOf(chooser, validation) : null;
}

/** @throws the last reason when no detector can be fitted */
async function fitAll(
  asked: readonly AskedDetector[],
  ground: FitGround,
  scoring: ScoreGround,
  search: boolean,
): Promise<SearchedOutcome[]> {
  const isThere = (isWanted: (group: OutputSet["group"]) => boolean): boolean =>
    ground.sets.some(({ group, labels }) => isWanted(group) && labels.length > 0);
  const canSearch = isThere((group) => group === "validation") && isThere(mayChoose);
  const outcomes: SearchedOutcome[] = [];
  for (const each of asked)
    outcomes.push(
      search && canSearch ? await searchDetector(each, ground, scoring) : await fitDetector(each, ground),
    );
  refuseNone(outcomes);
  const [first] = outcomes;
  if (!search || canSearch || !first) return outcomes;
  const why = "parameters were not searched: that needs known and unknown validation images";
  return [{ ...first, warnings: [why, ...first.warnings] }, ...outcomes.slice(1)];
}

/** Beside every detector whose bank no single file can hold, its variant with a sampled bank. */
function sampledBanks(
  fitted: readonly FittedDetector[],
  largest: number,
  seed: number,
): { readonly variants: FittedDetector[]; readonly warnings: string[] } {
  const variants: FittedDetector[] = [];
  const warnings: string[] = [];
  for (const whole of fitted) {
    const { bank } = whole.fitted;
    if (!bank || bankBytes(bank) <= largest) continue;
    const variant = sampledVariant(whole, { bytes: largest, seed });
    const megabytes = Math.ceil(bankBytes(bank) / 2 ** 20);
    variants.push(variant);
    warnings.push(
      `${whole.detector.id}: its bank of ${megabytes} MB is too large for a model file; ` +
        `${variant.detector.id}, with ${variant.fitted.bank?.count ?? 0} of its ${bank.count} rows, is measured beside it and can be one`,
    );
  }
  return { variants, warnings };
}

/** Detectors that could be run, and their scores. */
interface ScoredDetectors {
  readonly ready: readonly FittedDetector[];
  readonly scores: readonly SetScores[];
  readonly warnings: readonly string[];
}

/** What was scored, and with it the combination that its validation images choose; a warning where they cannot. */
async function combined(
  engine: Engine,
  scored: ScoredDetectors,
  largestBank: number,
): Promise<ScoredDetectors & { readonly combination: CombinationChoice | undefined }> {
  const chosen = chooseCombination(scored.ready, scored.scores, largestBank);
  if (typeof chosen === "string")
    return { ...scored, warnings: [...scored.warnings, chosen], combination: undefined };
  const own = await combinedScores(
    engine,
    chosen,
    scored.scores.map(({ confidence }) => confidence),
  );
  return {
    ...scored,
    combination: chosen.choice,
    ready: [...scored.ready, chosen.fitted],
    scores: scored.scores.map((set, k) => ({
      ...set,
      confidence: { ...set.confidence, [combinationId]: own[k] ?? new Float32Array() },
    })),
  };
}

/** Scores of every set; a detector that cannot be run here is left out with a warning. */
async function scoreAll(
  fitted: readonly FittedDetector[],
  sets: readonly OutputSet[],
  scoring: ScoreGround,
): Promise<ScoredDetectors> {
  const ready: FittedDetector[] = [];
  const warnings: string[] = [];
  const confidence = sets.map((): Record<string, Float32Array> => ({}));
  let reason: unknown;
  const outcomes = await scoreTogether(fitted, sets, scoring);
  fitted.forEach((each, i) => {
    const scores = outcomes[i] ?? [];
    if (scores instanceof OalError) {
      reason = scores;
      warnings.push(`${scores.message}; it is left out`);
      return;
    }
    scores.forEach((own, k) => Object.assign(confidence[k] ?? {}, { [each.detector.id]: own }));
    ready.push(each);
  });
  if (ready.length === 0 && reason !== undefined) throw reason;
  const scores = sets.map(({ name, group, ids, labels, logits }, k): SetScores => ({
    name,
    group,
    ids,
    labels: group === "near" || group === "far" || mayChoose(group) ? unknownLabels(labels) : labels,
    predictions: predictions(logits),
    confidence: confidence[k] ?? {},
  }));
  return { ready, scores, warnings };
}

function unknownLabels({ length }: Int32Array): Int32Array {
  return new Int32Array(length).fill(-1);
}

/** The validation sets as an evaluation of them: known ones take the place of test images, unknown ones of near and far sets. */
function asTestSets(scores: readonly SetScores[]): SetScores[] {
  if (!scores.some(({ group }) => mayChoose(group))) return [];
  return scores.flatMap((set): SetScores[] => {
    if (set.group === "validation") return [{ ...set, group: "test" }];
    if (!mayChoose(set.group)) return [];
    return [{ ...set, group: set.group === "validation-near" ? "near" : "far" }];
  });
}
