/** The scores of one model's detectors on every set, each detector's kept by content, so that a benchmark goes on where it was stopped. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { areStored, OalError, type Algebra, type Engine, type ParameterValues, type TapName } from "oal-core";
import { cacheFolder } from "../data/cacheFolder.js";
import { openAlgebra } from "../evaluation/algebra.js";
import type { AskedDetector } from "../evaluation/asked.js";
import { FitCache } from "../evaluation/fitCache.js";
import { fitDetector, fitGround, isUnfit, type FitGround } from "../evaluation/fit.js";
import type { ModelSource } from "../evaluation/modelTaps.js";
import { outputSizes, type OutputSet } from "../evaluation/outputs.js";
import { mayChoose, type DetectorSearch } from "../evaluation/result.js";
import { rowStore } from "../evaluation/rowFiles.js";
import { scoreTogether, type ScoreGround } from "../evaluation/score.js";
import { searchDetector, type SearchedOutcome } from "../evaluation/search.js";
import { asideOf, sweepAside } from "../runtime/aside.js";
import { KeptScores } from "./keptScores.js";

/** What a detector came to on one model. */
export interface DetectorScores {
  readonly detector: string;
  readonly parameters: ParameterValues;
  readonly search: DetectorSearch | null;
  readonly warnings: readonly string[];
  /** Confidences, float32 [n] for every scored set in its order. */
  readonly scores: readonly Float32Array[];
}

/** A detector that a model cannot serve. */
export interface LeftOut {
  readonly detector: string;
  readonly reason: string;
}

/** What is measured. */
export interface MeasureJob {
  readonly engine: Engine;
  /** The taps that the model has. */
  readonly shows: readonly TapName[];
  /** The model in graphs, where some detector needs more than what is kept of images. */
  readonly source: ModelSource;
  /** Outputs of all sets. */
  readonly sets: readonly OutputSet[];
  /** What identifies every set's outputs and labels, in the same order. */
  readonly keys: readonly string[];
  readonly asked: readonly AskedDetector[];
  readonly search: boolean;
  /** Holds the scores of all models. */
  readonly cache: string;
  /** What a fit cannot keep in memory goes into a folder beside this name, which is removed at the end. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
  /** Told the detector under way and how many are done. */
  readonly onProgress?: ((detector: string, done: number) => void) | undefined;
  /** Told how far a pass is in which a detector looks at the pictures again. */
  readonly onPictures?: ((detector: string, done: number, total: number) => void) | undefined;
}

/**
 * Fits every detector and scores every image; a detector that cannot serve is told with its reason. Those that look at the pictures again are
 * fitted one after another and scored together, in one pass.
 */
export async function measureDetectors(
  job: MeasureJob,
): Promise<{ readonly measured: DetectorScores[]; readonly leftOut: LeftOut[] }> {
  const found = new Map<AskedDetector, DetectorScores | { readonly reason: string }>();
  const scratch = asideOf(job.scratch);
  sweepAside(job.scratch);
  const rows = rowStore(scratch);
  const algebra = openAlgebra(job.engine);
  const onBatch = (): void => job.signal?.throwIfAborted();
  let grounds: Grounds | undefined;
  let current = "";
  const onPictures = (done: number, total: number): void => job.onPictures?.(current, done, total);
  const turnTo = (name: string): void => {
    job.signal?.throwIfAborted();
    current = name;
    job.onProgress?.(name, found.size);
  };
  // a fit goes through one set after another, the scoring through all
  const opened = async (): Promise<Grounds> =>
    (grounds ??= await groundsOf(
      { ...job, sets: job.sets.flatMap((set) => tellingPass([set], onPictures)) },
      algebra,
      rows.keep,
      onBatch,
    ));
  const scored = tellingPass(
    job.sets.filter(({ group }) => group !== "train"),
    onPictures,
  );
  /** Scores of detectors that were fitted, kept as they come. */
  const score = async (fits: ReadonlyMap<AskedDetector, Fit>): Promise<void> => {
    const all = [...fits.values()].map(({ fitted }) => fitted);
    const scores = await scoreTogether(all, scored, (await opened()).score);
    for (const [k, [each, { fitted, search, warnings }]] of [...fits].entries()) {
      const own = scores[k] ?? [];
      if (own instanceof OalError) {
        found.set(each, { reason: own.message });
        continue;
      }
      const { parameters } = fitted;
      const outcome = {
        detector: each.detector.id,
        parameters,
        search: search ?? null,
        warnings,
        scores: own,
      };
      await new KeptScores(job, each).write(outcome);
      found.set(each, outcome);
    }
    await rows.clear();
  };
  const fit = async (each: AskedDetector): Promise<ReadonlyMap<AskedDetector, Fit>> => {
    turnTo(each.detector.id);
    const outcome = await fitOne(each, job, await opened());
    if ("fitted" in outcome) return new Map([[each, outcome]]);
    found.set(each, { reason: outcome.reason.message });
    return new Map();
  };
  try {
    const pending = job.asked.filter((each) => {
      const reason = lacking(each, job.shows);
      const known = reason === undefined ? new KeptScores(job, each).read() : { reason };
      if (known) found.set(each, known);
      return !known;
    });
    const isInside = ({ detector }: AskedDetector): boolean => !areStored(detector.needs);
    for (const each of pending.filter((one) => !isInside(one))) await score(await fit(each));
    const inside = new Map<AskedDetector, Fit>();
    for (const each of pending.filter(isInside))
      for (const [one, outcome] of await fit(each)) inside.set(one, outcome);
    if (inside.size > 0) {
      turnTo([...inside.keys()].map(({ detector }) => detector.id).join(", "));
      await score(inside);
    }
  } finally {
    await algebra.close();
    rows.close();
    await rm(scratch, { recursive: true, force: true });
  }
  job.onProgress?.("", job.asked.length);
  const measured: DetectorScores[] = [];
  const leftOut: LeftOut[] = [];
  for (const each of job.asked) {
    const outcome = found.get(each);
    if (outcome && "scores" in outcome) measured.push(outcome);
    else if (outcome) leftOut.push({ detector: each.detector.id, reason: outcome.reason });
  }
  return { measured, leftOut };
}

/** What detectors are fitted on and scored with. */
interface Grounds {
  readonly fit: FitGround;
  readonly score: ScoreGround;
}

/** A fit that did not fail. */
type Fit = Extract<SearchedOutcome, { readonly fitted: unknown }>;

/** Sets that tell how many of their images a pass has reached, all of them counted together. */
function tellingPass(sets: readonly OutputSet[], told: (done: number, total: number) => void): OutputSet[] {
  const total = sets.reduce((sum, { ids }) => sum + ids.length, 0);
  let before = 0;
  return sets.map((set) => {
    const first = before;
    before += set.ids.length;
    const { images } = set;
    if (!images) return set;
    const read = (start: number, end: number): Uint8Array => {
      told(first + start, total);
      return images.read(start, end);
    };
    return { ...set, images: { read } };
  });
}

/** Fits and scores share the numbers of the last layer. */
async function groundsOf(
  { engine, sets, source, asked }: MeasureJob,
  algebra: Algebra,
  keepRows: ReturnType<typeof rowStore>["keep"],
  onBatch: () => void,
): Promise<Grounds> {
  outputSizes(sets);
  const fits = new FitCache(join(cacheFolder(), "fits"));
  const fit = await fitGround(engine, sets, source, asked, { keepRows, onBatch, algebra, fits });
  return { fit, score: { engine, model: source, head: fit.head, onBatch, isOwn: isOfDetector } };
}

async function fitOne(
  each: AskedDetector,
  { sets, search }: Pick<MeasureJob, "sets" | "search">,
  { fit, score }: Grounds,
): Promise<SearchedOutcome> {
  try {
    return search && canSearch(sets) ? await searchDetector(each, fit, score) : await fitDetector(each, fit);
  } catch (error) {
    if (isOfDetector(error)) return { reason: error, warnings: [] };
    throw error;
  }
}

/** Whether there are sets to choose parameters by. */
export function canSearch(sets: readonly Pick<OutputSet, "group">[]): boolean {
  return sets.some(({ group }) => group === "validation") && sets.some(({ group }) => mayChoose(group));
}

/**
 * Whether an error is one detector's: what the data or the model do not allow, and what its graph or the engine refuses. Hours of other
 * detectors' work do not end with it. Disks, memory and faults of the program are no detector's.
 */
function isOfDetector(error: unknown): error is OalError {
  return isUnfit(error) || (error instanceof OalError && /^OAL-[EG]/.test(error.code));
}

/** Whether a detector needs the pictures once more, and not only what is kept of them. */
export function looksInside({ detector }: AskedDetector): boolean {
  return !areStored(detector.needs) || !areStored(detector.fitTaps);
}

/** The detectors that still have to look at the pictures: those whose scores are not there. */
export function stillInside(job: Omit<MeasureJob, "source" | "scratch">): AskedDetector[] {
  return job.asked.filter(
    (each) =>
      looksInside(each) &&
      lacking(each, job.shows) === undefined &&
      new KeptScores(job, each).read() === null,
  );
}

/**
 * Why a model cannot serve a detector, where its taps tell.
 *
 * @param shows  the taps that the model has
 */
export function lacking({ detector }: AskedDetector, shows: readonly TapName[]): string | undefined {
  const wanted: readonly (TapName | "measured")[] = [...detector.needs, ...detector.fitTaps];
  const missing = wanted.find((tap) =>
    tap === "maps"
      ? !shows.some((name) => name.startsWith("maps."))
      : tap !== "measured" && !shows.includes(tap),
  );
  if (missing === undefined) return undefined;
  if (missing === "features") return "the model shows no features before its last layer";
  if (missing === "head") return "the model's last layer is not linear, or was not found";
  if (missing.startsWith("maps")) return "the model has no feature maps, or they were not found";
  return missing.startsWith("heads.")
    ? `it reads the trained head "${missing.slice("heads.".length)}", and the model has none of that name`
    : `the model does not show ${missing}`;
}
