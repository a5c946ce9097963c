/** Detectors fitted on training pictures, and their scores of other pictures, all from numbers that are kept of every picture. */
import {
  areStored,
  memoryRows,
  storedStreams,
  type Algebra,
  type Detector,
  type Engine,
  type FittedDetector,
  type TapName,
} from "oal-core";
import type { AskedDetector } from "../evaluation/asked.js";
import type { FitCache } from "../evaluation/fitCache.js";
import { fitDetector, isUnfit, type FitGround } from "../evaluation/fit.js";
import { modelStreams } from "../evaluation/modelTaps.js";
import { predictions, type OutputSet } from "../evaluation/outputs.js";
import { scoreSets } from "../evaluation/score.js";
import { withFittingBank } from "./fittingBank.js";
import { insideSource, type Inside } from "./inside.js";
import type { OutputReader } from "./outputs.js";
import type { LogitSource, PictureNumbers } from "./heads.js";
import type { Subject } from "./subject.js";

/** Pictures by hash, with their classes. */
export interface PictureSet {
  readonly name: string;
  readonly hashes: readonly string[];
  /** Class indices among the logits that are there; -1 for a picture of none of them. */
  readonly labels: Int32Array;
  /** Whether its pictures may be without a score: one counts as less known than any then, as its decision takes it. Default false. */
  readonly mayLack?: boolean;
}

/** Scores of one set. */
export interface ScoredSet {
  readonly name: string;
  /** float32 [n] by detector id. */
  readonly confidence: Readonly<Record<string, Float32Array>>;
  /** Predicted classes [n]. */
  readonly predictions: Int32Array;
  /** float32 [n, classes], flat. */
  readonly logits: Float32Array;
}

/** What detectors were fitted to, and what they say. */
export interface Scoring {
  readonly fitted: readonly FittedDetector[];
  readonly sets: readonly ScoredSet[];
  readonly warnings: readonly string[];
}

/** What is computed with. */
export interface ScoringGround {
  readonly engine: Engine;
  readonly reader: OutputReader;
  readonly subject: Subject;
  readonly asked: readonly AskedDetector[];
  /** What decomposes and multiplies large matrices. */
  readonly algebra: Algebra;
  /** Where fits that took long are kept; default: nowhere. */
  readonly fits?: FitCache | undefined;
  /** For detectors that run inside the model; absent where none does. */
  readonly inside?: Inside | undefined;
  /** Most bytes of the rows of training pictures that a detector may keep. Default: what a graph may hold. */
  readonly largestBank?: number | undefined;
  /** Called before every batch; what it throws ends the work. */
  readonly onBatch: () => void;
}

/**
 * The detectors that a subject allows, and sentences about those that it does not.
 */
export function allowedDetectors(
  asked: readonly AskedDetector[],
  subject: Subject,
): { readonly allowed: AskedDetector[]; readonly warnings: string[] } {
  const allowed: AskedDetector[] = [];
  const warnings: string[] = [];
  for (const each of asked) {
    const why = lacking(each.detector, subject);
    if (why === undefined) allowed.push(each);
    else warnings.push(`${each.detector.id} is left out: ${why}`);
  }
  return { allowed, warnings };
}

function lacking({ needs, fitTaps }: Detector, { kind, reads, model }: Subject): string | undefined {
  const wanted: readonly (TapName | "measured")[] = [...needs, ...fitTaps];
  if (kind === "none" && wanted.some((tap) => tap === "logits" || tap === "head"))
    return "with one class there are no class scores to look at";
  if (wanted.includes("features") && reads !== "features") return "the model shows no features";
  if (wanted.includes("head") && (reads !== "features" || (kind !== "new" && model.facts.head === null)))
    return "the model's last layer is not linear, or was not found";
  const heads = wanted.flatMap((tap) => (tap.startsWith("heads.") ? [tap.slice("heads.".length)] : []));
  const missing = heads.find((name) => model.facts.hints.heads?.[name] === undefined);
  if (missing !== undefined)
    return `it reads the trained head "${missing}", which the file of this model does not have: the model file of a run has it where its recipe trains one`;
  return wanted.some((tap) => tap === "maps" || tap.startsWith("maps.")) && model.facts.maps.length === 0
    ? "the model shows no feature maps"
    : undefined;
}

/** What the model says of pictures. */
export function numbersOf({ reader, subject }: ScoringGround, hashes: readonly string[]): PictureNumbers {
  return {
    count: hashes.length,
    read: reader.rowsOf(subject.reads, hashes).data,
    own: subject.taps.includes("logits") ? reader.rowsOf("logits", hashes).data : undefined,
  };
}

/**
 * Fits detectors on some pictures and scores others.
 *
 * @param training  what they are fitted on; the only pictures that a fit sees
 * @param scored  sets of names of their own
 * @throws the last reason when no detector can be fitted or scored
 */
export async function scorePictures(
  ground: ScoringGround,
  source: LogitSource,
  training: PictureSet,
  scored: readonly PictureSet[],
): Promise<Scoring> {
  const { engine, subject, asked, inside, algebra, fits: kept, largestBank, onBatch } = ground;
  const asSet = async (set: PictureSet, group: OutputSet["group"]): Promise<OutputSet & LogitsOf> => {
    const numbers = numbersOf(ground, set.hashes);
    const flat = await source.logits(numbers);
    const { width } = ground.reader.rowsOf(subject.reads, []);
    return {
      ...set,
      group,
      ids: set.hashes,
      logits: memoryRows(flat, source.classes),
      features: memoryRows(numbers.read, width),
      ...(inside ? { images: inside.planes.of(set.hashes) } : {}),
      flat,
    };
  };
  const train = await asSet(training, "train");
  // what a detector fits on "validation" images it fits on training pictures too: the others are for calibrating and measuring
  const again = { ...train, name: `${training.name}, again`, group: "validation" } as const;
  const fitSets = [train, again];
  const sets = await Promise.all(scored.map((set) => asSet(set, "test")));
  const { head } = source;
  const stored = storedStreams({ train, validation: again }, head);
  const model = inside && insideSource(inside, source);
  const through = model && modelStreams(engine, model, fitSets, source.classes, head);
  const fits: FitGround = {
    streams: (group, taps, measured, drawn) =>
      areStored(taps)
        ? stored(group, taps, measured, drawn)
        : (through?.(group, taps, measured, drawn) ?? null),
    head,
    sets: fitSets,
    algebra,
    fits: kept,
  };
  const mayLack = new Set(scored.flatMap((set) => (set.mayLack ? [set.name] : [])));
  const warnings: string[] = [];
  const fitted: FittedDetector[] = [];
  const confidence = sets.map((): Record<string, Float32Array> => ({}));
  let reason: unknown;
  for (const each of asked) {
    onBatch();
    try {
      const outcome = await fitDetector(each, fits);
      warnings.push(...outcome.warnings);
      if ("reason" in outcome) {
        reason = outcome.reason;
        continue;
      }
      const held = withFittingBank(outcome.fitted, largestBank);
      warnings.push(...held.warnings);
      const filled = sets.filter(({ labels }) => labels.length > 0);
      const scores = await scoreSets(held.fitted, filled, { engine, model, head, mayLack, onBatch });
      filled.forEach((set, k) => {
        const own = confidence[sets.indexOf(set)];
        const { values, lacking: without } = leastForNone(scores[k] ?? new Float32Array());
        if (own) own[each.detector.id] = values;
        if (without > 0)
          warnings.push(
            `${each.detector.id}: ${without} of ${values.length} ${set.name} pictures have no score, because its formula has no value for what the model says of them; they count as less known than any`,
          );
      });
      sets.forEach((set, k) => {
        const own = confidence[k];
        if (own && set.labels.length === 0) own[each.detector.id] = new Float32Array();
      });
      fitted.push(held.fitted);
    } catch (error) {
      if (!isUnfit(error)) throw error;
      reason = error;
      warnings.push(`${error.message}; it is left out`);
    }
  }
  if (fitted.length === 0 && reason !== undefined) throw reason;
  return {
    fitted,
    warnings,
    sets: sets.map((set, k) => ({
      name: set.name,
      confidence: confidence[k] ?? {},
      predictions: predictions(set.logits),
      logits: set.flat,
    })),
  };
}

/** Scores with the least there is in place of none. */
function leastForNone(scores: Float32Array): { readonly values: Float32Array; readonly lacking: number } {
  const values = scores.map((score) => (Number.isNaN(score) ? -Infinity : score));
  return { values, lacking: scores.filter(Number.isNaN).length };
}

interface LogitsOf {
  readonly flat: Float32Array;
}
