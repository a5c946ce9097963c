/** Fits detectors on a model's outputs. */
import {
  areStored,
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
 * Fits one detector; defaults beyond the data are lowered, with a warning.
 *
 * @returns the fitted detector, or why the data do not allow it (OAL-E203, OAL-E204)
 * @throws OAL-E202 for a bad hyper-parameter
 */
export async function fitDetector(
  { detector, parameters: given }: AskedDetector,
  ground: FitGround,
): Promise<FitOutcome> {
  const lowered = loweredDefaults(detector, given, ground.sets);
  const warnings = Object.entries(lowered).map(([name, { value, because }]) => {
    const usual = String(detector.parameters[name]?.default);
    return `${detector.id}: ${name} is ${value} instead of ${usual}, because ${because}`;
  });
  const own = Object.fromEntries(Object.entries(lowered).map(([name, { value }]) => [name, value]));
  const parameters = resolveParameters(detector.id, detector.parameters, { ...own, ...given });
  try {
    const fit = (): Promise<Fitted> => detector.fit(ground.streams, parameters, ground.keep, ground.algebra);
    const set = ground.sets.find(({ group }) => group === detector.fitOn(parameters));
    const { fits, head } = ground;
    const fitted = await (fits && set ? fits.fit({ detector, parameters, set, head }, fit) : fit());
    return { fitted: { detector, parameters, fitted }, warnings };
  } catch (error) {
    if (!isUnfit(error)) throw error;
    return { reason: error, warnings: [...warnings, `${error.message}; it is left out`] };
  }
}

/** Whether an error says that the data do not allow a detector. */
export function isUnfit(error: unknown): error is OalError {
  return (
    error instanceof OalError &&
    ["OAL-E203", "OAL-E204", "OAL-E278", "OAL-E290", "OAL-E291", "OAL-E292", "OAL-E295", "OAL-T142"].includes(
      error.code,
    )
  );
}

/** Defaults above their share of the smallest class or of the features, unless a value is given. */
function loweredDefaults(
  detector: Detector,
  given: Readonly<Record<string, unknown>>,
  sets: readonly OutputSet[],
): Record<string, { value: number; because: string }> {
  const on = detector.fitOn(given);
  const fitted = sets.find((set) => set.group === on);
  const counts = new Map<number, number>();
  for (const label of fitted?.labels ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  if (!fitted || counts.size === 0) return {};
  const smallest = Math.min(...counts.values());
  const features = fitted.features.width;
  const lowered: Record<string, { value: number; because: string }> = {};
  const lower = (name: string, usual: unknown, share: number, count: number, because: string): void => {
    const value = Math.max(1, Math.floor(share * count));
    if (typeof usual === "number" && value < usual) lowered[name] = { value, because };
  };
  const images = `the smallest class has ${smallest} ${smallest === 1 ? "image" : "images"} to fit on`;
  for (const [name, { classShare, featureShare, default: usual }] of Object.entries(detector.parameters)) {
    if (name in given) continue;
    if (classShare !== undefined) lower(name, usual, classShare, smallest, images);
    if (featureShare !== undefined)
      lower(name, usual, featureShare, features, `a feature has ${features} numbers`);
  }
  return lowered;
}

/** @throws the reason when no detector is left */
export function refuseNone(outcomes: readonly FitOutcome[]): void {
  const reasons = outcomes.flatMap((outcome) => ("reason" in outcome ? [outcome.reason] : []));
  const last = reasons.at(-1);
  if (last && reasons.length === outcomes.length) throw last;
}
