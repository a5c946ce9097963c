/**
 * Fitting a model as it is: nothing of the network is trained. Its known pictures are divided into three parts; head and detectors are
 * fitted and chosen inside the first, the second does nothing but calibrate, the third measures.
 */
import { oalError, type Engine } from "oal-core";
import { openAlgebra } from "../evaluation/algebra.js";
import {
  askedDetectors,
  type AskedDetector,
  type DetectorChoice as AskedChoice,
} from "../evaluation/asked.js";
import type { FitCache } from "../evaluation/fitCache.js";
import type { CombinationChoice } from "../evaluation/result.js";
import type { LoadedModel } from "../models/load.js";
import { withCombination, type MeasuredDetectors } from "./combine.js";
import {
  chooseAgain,
  chooseDetector,
  chooseStrength,
  type ChoiceGround,
  type DetectorChoice,
  type StrengthChoice,
} from "./choose.js";
import { drawnPictures, type DrawnPicture } from "./drawn.js";
import { partsOfKnown, readKnown, type KnownFound, type KnownParts, type PartPictures } from "./known.js";
import { leaveClassOut, spreadOver, type ClassLeftOut } from "./leaveOut.js";
import { Planes, runsInside, tooManyToHold } from "./inside.js";
import { OutputReader } from "./outputs.js";
import type { PartShares } from "./parts.js";
import { openKnown, type FoundSource } from "./pictures.js";
import {
  allowedDetectors,
  scorePictures,
  type PictureSet,
  type Scoring,
  type ScoringGround,
} from "./scoring.js";
import { doubtOf } from "../models/guessNormalisation.js";
import { Heads, type LogitSource } from "./heads.js";
import { subjectOf, type Subject } from "./subject.js";
import { readUnknown, type UnknownPictures } from "./unknown.js";

/**
 * Most classes that are left out in turn where detectors are measured. Each takes a last layer of its own, which costs by classes times
 * pictures: with 132 classes of 50 pictures all of them took five minutes, and the mean over 32 is as sure as it needs to be.
 */
const mostClassesMeasured = 32;

/** What is under way. */
export type FitStage = "pictures" | "unknown" | "choosing" | "leave-class-out";

/** How a model is fitted. */
export interface FitSettings {
  readonly engine: Engine;
  readonly model: LoadedModel;
  /** Path of the known pictures. */
  readonly id: string;
  /** Path of unknown ones. */
  readonly unknown?: string | undefined;
  /** Whose classes are known: the folder's, or all of the model's. */
  readonly known: "folder" | "model";
  /** Share of known pictures to keep, in (0, 1]. */
  readonly keep: number;
  /** Share of known pictures above the second cut. */
  readonly ask?: number | undefined;
  /** Whether every predicted class has a cut of its own. */
  readonly perClass: boolean;
  readonly seed: number;
  readonly shares?: PartShares | undefined;
  readonly detectors: readonly AskedChoice[];
  /** Whether a combination of them is chosen too. Default false. */
  readonly combine?: boolean | undefined;
  /** Folder that features are cached in. */
  readonly cache: string;
  /** Where fits of detectors that took long are kept; default: nowhere. */
  readonly fits?: FitCache | undefined;
  /** See {@link ScoringGround.largestBank}. */
  readonly largestBank?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((stage: FitStage, done: number, total: number) => void) | undefined;
}

/** Everything that was fitted, chosen and scored, before it is summed up. */
export interface Fit {
  readonly found: FoundSource;
  readonly subject: Subject;
  readonly heads: Heads;
  /** The whole head. */
  readonly source: LogitSource;
  readonly known: KnownFound;
  readonly parts: KnownParts;
  readonly unknown: UnknownPictures | null;
  readonly drawn: readonly DrawnPicture[];
  readonly strength: StrengthChoice | null;
  readonly choice: DetectorChoice;
  /** How the combination of detectors came about; absent where none was asked for or made. */
  readonly combination?: CombinationChoice | undefined;
  /** Sets "calibration", "test", "unknown" and "drawn". */
  readonly scoring: Scoring;
  /** Indices of the classes that could be left out, and what came of it. */
  readonly leftOut: readonly ClassLeftOut[];
  /** How many classes could be left out. */
  readonly couldBeLeftOut: number;
  /** Why no class was left out; undefined where some were. */
  readonly noneLeftOut: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Fits a model. Nothing is written but the cache of features.
 *
 * @throws OAL-E254 with too few pictures, OAL-E256 where no detector can be used, what readers of data throw
 */
export async function makeFit(settings: FitSettings): Promise<Fit> {
  const { engine, model, signal, onProgress = () => undefined } = settings;
  const found = await openKnown(settings.id);
  const subject = subjectOf(model, found.folders, settings.known);
  const { allowed: asked, warnings: notAllowed } = allowedDetectors(
    askedDetectors(settings.detectors),
    subject,
  );
  if (asked.length === 0) throw oalError("OAL-E256", { path: model.path, problem: notAllowed.join("; ") });
  let stage: FitStage = "pictures";
  const reader = await OutputReader.open(engine, model, subject.taps, {
    cache: settings.cache,
    signal,
    onProgress: (done, total) => onProgress(stage, done, total),
  });
  let heads: Heads | undefined;
  const algebra = openAlgebra(engine);
  try {
    const known = await readKnown(found, reader);
    stage = "unknown";
    const unknown =
      settings.unknown === undefined
        ? null
        : await readUnknown(settings.unknown, reader, [...known.pictures, ...known.others]);
    const drawn = drawnPictures(model.preprocessing);
    await reader.readPlanes(drawn);
    const parts = partsOfKnown(known, subject, found, settings);
    const check = (): void => signal?.throwIfAborted();
    const taken = [
      ...parts.training.pictures,
      ...parts.calibration.pictures,
      ...parts.test.pictures,
      ...(unknown ? [...unknown.choosing, ...unknown.measuring] : []),
    ];
    const split = insideAndBeside(asked, taken.length + drawn.length, model);
    if (split.all.length === 0)
      throw oalError("OAL-E256", { path: model.path, problem: split.warnings.join("; ") });
    const planes = split.all.some(({ detector }) => runsInside(detector))
      ? await Planes.read(taken, drawn, model.preprocessing)
      : null;
    const ground: ScoringGround = {
      engine,
      reader,
      subject,
      asked: split.candidates,
      algebra,
      largestBank: settings.largestBank,
      onBatch: check,
    };
    const rows = { ...reader.rowsOf(subject.reads, parts.training.hashes), labels: parts.training.labels };
    heads = await Heads.open(engine, subject, rows, check);
    const strength = heads.fitter
      ? await chooseStrength(heads.fitter, parts.folds, (done, total) =>
          onProgress("choosing", done, 2 * total),
        )
      : null;
    if (strength) heads.strength = strength.strength;
    const { classes, absent } = classesToLeaveOut(parts, subject, settings.known);
    const made = heads;
    const inside = planes && {
      planes,
      size: model.preprocessing.crop,
      classifier: (source: LogitSource) => made.classifier(source),
    };
    const chooseAmong: ScoringGround = inside ? { ...ground, inside } : ground;
    const choosing: ChoiceGround = {
      training: parts.training,
      folds: parts.folds,
      classes,
      unknown: unknown?.choosing.map(({ hash }) => hash) ?? [],
      onProgress: (done, total) => onProgress("choosing", total + done, 2 * total),
    };
    const chosen = await chooseDetector(chooseAmong, heads, choosing);
    const source = await heads.at();
    // of the many fits only the whole one is ever made again
    const whole: ScoringGround = { ...chooseAmong, asked: split.all, fits: settings.fits };
    const scoring = await scorePictures(whole, source, asSet("training pictures", parts.training), [
      asSet("calibration", parts.calibration),
      asSet("test", parts.test),
      outside("unknown", unknown?.measuring ?? []),
      { ...outside("drawn", drawn), mayLack: true },
    ]);
    const usable = scoring.fitted.map(({ detector }) => detector.id);
    const choice = chooseAgain(chosen, usable, choosing);
    const leftOut: ClassLeftOut[] = [];
    const measured = spreadOver(classes, mostClassesMeasured);
    for (const [i, without] of measured.entries()) {
      onProgress("leave-class-out", i, measured.length);
      const own = await leaveClassOut(chooseAmong, heads, parts.training, {
        without,
        known: parts.test,
        unknown: parts.test.hashes.filter((_, row) => parts.test.labels[row] === without),
      });
      if (own) leftOut.push(own);
    }
    const alone: MeasuredDetectors = { choice, scoring, leftOut };
    const detected = settings.combine ? await withCombination(engine, alone, settings.keep) : alone;
    const refused = reader.cacheRefusal;
    const doubt = doubtOf(model.normalisation);
    return {
      found,
      subject,
      heads,
      source,
      known,
      parts,
      unknown,
      drawn,
      strength,
      ...detected,
      couldBeLeftOut: classes.length,
      noneLeftOut: leftOut.length > 0 ? undefined : (absent ?? "the test part has too few pictures for it"),
      warnings: [
        ...(settings.fits?.warnings ?? []),
        ...(doubt === undefined
          ? []
          : [
              `the normalisation is a guess, ${model.normalisation.name}, and figures depend on it. ${doubt}`,
            ]),
        ...known.warnings,
        ...subject.warnings,
        ...parts.warnings,
        ...(unknown?.warnings ?? []),
        ...notAllowed,
        ...split.warnings,
        ...detected.scoring.warnings,
        ...(refused === undefined
          ? []
          : [`features could not be kept for the next time (${refused}); OAL_CACHE names another folder`]),
      ],
    };
  } catch (error) {
    await heads?.release();
    throw error;
  } finally {
    await algebra.close();
    await reader.release();
  }
}

/**
 * Which detectors are measured, and which of them the decision is chosen from. Cross-validation passes every picture through the model
 * once for every fold and class, where a detector runs inside it: so those are candidates only where all are such.
 *
 * @param count  pictures of the fit
 */
function insideAndBeside(
  asked: readonly AskedDetector[],
  count: number,
  { preprocessing }: LoadedModel,
): {
  readonly all: readonly AskedDetector[];
  readonly candidates: readonly AskedDetector[];
  readonly warnings: readonly string[];
} {
  const beside = asked.filter(({ detector }) => !runsInside(detector));
  const inside = asked.filter(({ detector }) => runsInside(detector));
  const why = tooManyToHold(count, preprocessing);
  if (inside.length === 0 || beside.length === asked.length || why !== undefined) {
    const warnings = inside.map(({ detector: { id } }) => `${id} is left out: ${why ?? ""}`);
    return { all: beside, candidates: beside, warnings };
  }
  if (beside.length === 0) return { all: asked, candidates: asked, warnings: [] };
  const ids = inside.map(({ detector: { id } }) => id);
  return {
    all: asked,
    candidates: beside,
    warnings: [
      `${ids.join(", ")}: measured and held by the model file, but not among the detectors that the decision was chosen from, nor with a class left out: ${ids.length === 1 ? "it runs" : "they run"} inside the model, which would pass every picture through it once for every fold and class. Named alone (--detectors ${ids.join(",")}) ${ids.length === 1 ? "it is" : "they are"}.`,
    ],
  };
}

/** The classes that can be left out, or why there are none. */
function classesToLeaveOut(
  { training }: KnownParts,
  { kind, classNames }: Subject,
  from: FitSettings["known"],
): { readonly classes: readonly number[]; readonly absent?: string } {
  if (kind === "none")
    return {
      classes: [],
      absent: "there is one class, and nothing would be left if it were the unknown one",
    };
  const present = [...new Set(training.labels)].filter((label) => label >= 0).sort((a, b) => a - b);
  if (present.length >= 3) return { classes: present };
  if (from === "model")
    return {
      classes: [],
      absent: `it takes pictures of three of the model's classes or more, and ${["none has", "1 class has"][present.length] ?? `${present.length} classes have`} any, so there are too few to leave one out and measure on the others`,
    };
  const count = present.length === classNames.length ? classNames.length : present.length;
  return {
    classes: [],
    absent: `it takes three classes or more, and there ${count === 1 ? "is" : "are"} ${count}: without one of two classes nothing is left to tell apart`,
  };
}

function asSet(name: string, { hashes, labels }: PartPictures): PictureSet {
  return { name, hashes, labels };
}

function outside(name: string, pictures: readonly { readonly hash: string }[]): PictureSet {
  return {
    name,
    hashes: pictures.map(({ hash }) => hash),
    labels: new Int32Array(pictures.length).fill(-1),
  };
}
