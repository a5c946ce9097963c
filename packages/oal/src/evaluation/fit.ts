/** Fits detectors on a model's outputs. */
import {
  areStored,
  isOalError,
  OalError,
  resolveParameters,
  storedStreams,
  type Algebra,
  type Detector,
  type Engine,
  type FitHead,
  type FitSource,
  type Fitted,
  type FittedDetector,
  type RowKeeper,
  type StoredOutputs,
} from "oal-core";
import type { AskedDetector } from "./asked.js";
import { bankWarnings } from "./bankClasses.js";
import { dataDefaults, defaultSentences, valuesOf } from "./dataDefaults.js";
import { signWarnings } from "./featureSigns.js";
import type { FitCache } from "./fitCache.js";
import { headNumbers, modelStreams, type ModelSource } from "./modelTaps.js";
import { outputSizes, type OutputSet } from "./outputs.js";

/** What detectors are fitted on. */
export interface FitGround {
  readonly streams: FitSource;
  readonly head: FitHead | undefined;
  readonly sets: readonly OutputSet[];
  /** Where the rows of banks are kept; default: in memory. */
  readonly keep?: RowKeeper | undefined;
  /** What decomposes and multiplies large matrices; default: the thread that fits. */
  readonly algebra?: Algebra | undefined;
  /** Where fits that took long are kept; default: nowhere. */
  readonly fits?: FitCache | undefined;
  /** The model, where it can be run. */
  readonly model?: ModelSource | undefined;
}

/** How to fit. */
export interface FitGroundOptions {
  /** Where the rows of banks are kept. Default: in memory. */
  readonly keepRows?: RowKeeper | undefined;
  /** See {@link FitGround.algebra}. */
  readonly algebra?: Algebra | undefined;
  /** See {@link FitGround.fits}. */
  readonly fits?: FitCache | undefined;
  /** Called before every batch; what it throws ends the fit. */
  readonly onBatch?: (() => void) | undefined;
  /** The last layer as numbers, where there is no model to take it from. */
  readonly head?: FitHead | undefined;
}

/** Streams of stored outputs, and of the model's other taps where it can be run. */
export async function fitGround(
  engine: Engine,
  sets: readonly OutputSet[],
  model: ModelSource | undefined,
  asked: readonly AskedDetector[],
  { keepRows, algebra, fits, onBatch, head: given }: FitGroundOptions = {},
): Promise<FitGround> {
  const { classes } = outputSizes(sets);
  const needsHead = asked.some(({ detector }) => detector.needs.includes("head"));
  const head = model && needsHead ? await headNumbers(engine, model) : given;
  const stored = storedStreams(
    { train: storedOf(sets, "train"), validation: storedOf(sets, "validation") },
    head,
  );
  const throughModel = model && modelStreams(engine, model, sets, classes, head);
  return {
    sets,
    head,
    keep: keepRows,
    algebra,
    fits,
    model,
    streams(set, taps, measured, drawn) {
      const found = areStored(taps)
        ? stored(set, taps, measured, drawn)
        : (throughModel?.(set, taps, measured, drawn) ?? null);
      return found && { ...found, batches: () => told(found.batches(), onBatch) };
    },
  };
}

async function* told<T>(
  batches: AsyncIterable<T>,
  onBatch: () => void = () => undefined,
): AsyncGenerator<T, void, undefined> {
  for await (const batch of batches) {
    onBatch();
    yield batch;
    // a long fit lets signals and progress through
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The outputs of an ID set as a fit reads them. */
function storedOf(sets: readonly OutputSet[], group: "train" | "validation"): StoredOutputs | undefined {
  const set = sets.find((each) => each.group === group);
  return set && set.labels.length > 0 ? set : undefined;
}

/** What became of a fit. */
export type FitOutcome =
  | { readonly fitted: FittedDetector; readonly warnings: readonly string[] }
  | { readonly reason: OalError; readonly warnings: readonly string[] };

/**
 * Fits one detector. Defaults follow the data, with a warning; where the data do not allow one of them and its author names others, these
 * are tried in turn.
 *
 * @returns the fitted detector, or why the data do not allow it (see `isUnfit`)
 * @throws OAL-E202 for a bad hyper-parameter
 */
export async function fitDetector(asked: AskedDetector, ground: FitGround): Promise<FitOutcome> {
  const { detector, parameters: given } = asked;
  const adapted = dataDefaults(detector, given, ground.sets);
  const usual = { ...valuesOf(adapted), ...given };
  const warnings = [
    ...signWarnings(detector, ground.sets),
    ...bankWarnings(detector, usual, ground.sets),
    ...defaultSentences(detector, adapted),
  ];
  const first = await fitWith(detector, usual, ground);
  const remarks = ({ fitted, parameters }: FittedDetector): readonly string[] =>
    detector.remarks(fitted, parameters);
  if (!(first instanceof OalError)) return { fitted: first, warnings: [...warnings, ...remarks(first)] };
  const tried: string[] = [];
  for (const { name, value, text } of fallbacksOf(detector, given)) {
    if (!isOalError(first, "OAL-E292")) break;
    tried.push(`${name} ${JSON.stringify(value)}`);
    const other = await fitWith(detector, { ...usual, [name]: value }, ground);
    if (!(other instanceof OalError))
      return {
        fitted: other,
        warnings: [...warnings, `${text}, because ${first.details.problem}`, ...remarks(other)],
      };
  }
  const nor = tried.length === 0 ? "" : `, nor is it allowed with ${tried.join(", ")}`;
  return { reason: first, warnings: [...warnings, `${first.message}${nor}; it is left out`] };
}

/** A fit with these parameters, or why the data do not allow it. */
async function fitWith(
  detector: Detector,
  given: Readonly<Record<string, unknown>>,
  ground: FitGround,
): Promise<FittedDetector | OalError> {
  const parameters = resolveParameters(detector.id, detector.parameters, given);
  try {
    const fit = (): Promise<Fitted> => detector.fit(ground.streams, parameters, ground.keep, ground.algebra);
    const set = ground.sets.find(({ group }) => group === detector.fitOn(parameters));
    const { fits, head, model } = ground;
    const fitted = await (fits && set ? fits.fit({ detector, parameters, set, head, model }, fit) : fit());
    return { detector, parameters, fitted };
  } catch (error) {
    if (!isUnfit(error)) throw error;
    return error;
  }
}

/** What is tried where a default is refused, in order. */
function fallbacksOf(
  { id, parameters }: Detector,
  given: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly value: unknown; readonly text: string }[] {
  return Object.entries(parameters).flatMap(([name, { default: usual, fallbacks = [] }]) =>
    name in given
      ? []
      : fallbacks.map((value) => ({
          name,
          value,
          text: `${id}: ${name} is ${JSON.stringify(value)} instead of ${JSON.stringify(usual)}`,
        })),
  );
}

/** The errors that say so. */
const unfit: readonly string[] = [
  "OAL-E203",
  "OAL-E204",
  "OAL-E242",
  "OAL-E278",
  "OAL-E290",
  "OAL-E291",
  "OAL-E292",
  "OAL-E295",
  "OAL-T142",
];

/** Whether an error says that the data or the model do not allow a detector, or a graph its bank. */
export function isUnfit(error: unknown): error is OalError {
  return error instanceof OalError && unfit.includes(error.code);
}

/** @throws the reason when no detector is left */
export function refuseNone(outcomes: readonly FitOutcome[]): void {
  const reasons = outcomes.flatMap((outcome) => ("reason" in outcome ? [outcome.reason] : []));
  const last = reasons.at(-1);
  if (last && reasons.length === outcomes.length) throw last;
}
