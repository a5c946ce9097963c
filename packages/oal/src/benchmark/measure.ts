/** The scores of one model's detectors on every set, each detector's kept by content, so that a benchmark goes on where it was stopped. */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { areStored, OalError, type Algebra, type Engine, type ParameterValues, type TapName } from "oal-core";
import { z } from "zod";
import { cacheFolder } from "../data/cacheFolder.js";
import { openAlgebra } from "../evaluation/algebra.js";
import type { AskedDetector } from "../evaluation/asked.js";
import { FitCache } from "../evaluation/fitCache.js";
import { fitDetector, fitGround, isUnfit, type FitGround } from "../evaluation/fit.js";
import type { ModelSource } from "../evaluation/modelTaps.js";
import { outputSizes, type OutputSet } from "../evaluation/outputs.js";
import { mayChoose, type DetectorSearch } from "../evaluation/result.js";
import { rowStore } from "../evaluation/rowFiles.js";
import { scoreSets, type ScoreGround } from "../evaluation/score.js";
import { searchDetector, type SearchedOutcome } from "../evaluation/search.js";
import { writeError } from "../runtime/systemError.js";
import { asideOf, sweepAside } from "../runtime/aside.js";
import { makeFolder } from "../runtime/makeFolder.js";

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

/** Fits every detector and scores every image; a detector that cannot serve is told with its reason. */
export async function measureDetectors(
  job: MeasureJob,
): Promise<{ readonly measured: DetectorScores[]; readonly leftOut: LeftOut[] }> {
  const measured: DetectorScores[] = [];
  const leftOut: LeftOut[] = [];
  const scratch = asideOf(job.scratch);
  sweepAside(job.scratch);
  const rows = rowStore(scratch);
  const algebra = openAlgebra(job.engine);
  const onBatch = (): void => job.signal?.throwIfAborted();
  let grounds: { readonly fit: FitGround; readonly score: ScoreGround } | undefined;
  let current = "";
  const onPictures = (done: number, total: number): void => job.onPictures?.(current, done, total);
  try {
    for (const [k, each] of job.asked.entries()) {
      job.signal?.throwIfAborted();
      current = each.detector.id;
      job.onProgress?.(current, k);
      const why = lacking(each, job.shows);
      if (why !== undefined) {
        leftOut.push({ detector: each.detector.id, reason: why });
        continue;
      }
      const kept = new KeptScores(job, each);
      const known = kept.read();
      if (known) {
        measured.push(known);
        continue;
      }
      // a fit goes through one set after another, the scoring through all
      grounds ??= await groundsOf(
        { ...job, sets: job.sets.flatMap((set) => tellingPass([set], onPictures)) },
        algebra,
        rows.keep,
        onBatch,
      );
      const outcome = await measureOne(each, { ...job, onPictures }, grounds);
      await rows.clear();
      if ("reason" in outcome) {
        leftOut.push({ detector: each.detector.id, reason: outcome.reason.message });
        continue;
      }
      await kept.write(outcome);
      measured.push(outcome);
    }
  } finally {
    await algebra.close();
    rows.close();
    await rm(scratch, { recursive: true, force: true });
  }
  job.onProgress?.("", job.asked.length);
  return { measured, leftOut };
}

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
): Promise<{ readonly fit: FitGround; readonly score: ScoreGround }> {
  outputSizes(sets);
  const fits = new FitCache(join(cacheFolder(), "fits"));
  const fit = await fitGround(engine, sets, source, asked, { keepRows, onBatch, algebra, fits });
  return { fit, score: { engine, model: source, head: fit.head, onBatch } };
}

async function measureOne(
  each: AskedDetector,
  {
    sets,
    search,
    onPictures,
  }: Pick<MeasureJob, "sets" | "search"> & {
    readonly onPictures: (done: number, total: number) => void;
  },
  { fit, score }: { readonly fit: FitGround; readonly score: ScoreGround },
): Promise<DetectorScores | { readonly reason: OalError }> {
  try {
    const outcome: SearchedOutcome =
      search && canSearch(sets) ? await searchDetector(each, fit, score) : await fitDetector(each, fit);
    if ("reason" in outcome) return { reason: outcome.reason };
    const scored = tellingPass(
      sets.filter(({ group }) => group !== "train"),
      onPictures,
    );
    return {
      detector: each.detector.id,
      parameters: outcome.fitted.parameters,
      search: outcome.search ?? null,
      warnings: outcome.warnings,
      scores: await scoreSets(outcome.fitted, scored, score),
    };
  } catch (error) {
    if (isOfDetector(error)) return { reason: error };
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

const values = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.array(z.number())]));
const answer = z.strictObject({
  format: z.literal(1),
  parameters: values,
  search: z
    .strictObject({
      candidates: z.array(z.strictObject({ parameters: values, auroc: z.number() })),
    })
    .nullable(),
  warnings: z.array(z.string()),
  counts: z.array(z.int()),
  sha256: z.string(),
});

/** The scores of one detector on one model, in a folder called by all that they depend on. */
class KeptScores {
  readonly #folder: string;
  readonly #detector: string;
  readonly #counts: readonly number[];

  constructor(
    { cache, keys, sets, search }: Pick<MeasureJob, "cache" | "keys" | "sets" | "search">,
    { detector, parameters }: AskedDetector,
  ) {
    const meaning = [
      2,
      detector.id,
      detector.version,
      parameters,
      search,
      sets.map(({ name, group }, k) => [name, group, keys[k] ?? ""]),
    ];
    const key = createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 32);
    this.#folder = join(cache, key);
    this.#detector = detector.id;
    this.#counts = sets.filter(({ group }) => group !== "train").map(({ ids }) => ids.length);
  }

  /** What was kept; null where nothing was, or something damaged. */
  read(): DetectorScores | null {
    try {
      const told = answer.parse(JSON.parse(readFileSync(join(this.#folder, "scores.json"), "utf8")));
      const bytes = readFileSync(join(this.#folder, "scores.f32"));
      if (sha256(bytes) !== told.sha256 || told.counts.join() !== this.#counts.join()) return null;
      const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      let at = 0;
      const scores = this.#counts.map((count) => all.subarray(at, (at += count)));
      const { parameters, search, warnings } = told;
      return { detector: this.#detector, parameters, search, warnings, scores };
    } catch {
      return null;
    }
  }

  async write({ parameters, search, warnings, scores }: DetectorScores): Promise<void> {
    const all = new Float32Array(scores.reduce((sum, own) => sum + own.length, 0));
    let at = 0;
    for (const own of scores) {
      all.set(own, at);
      at += own.length;
    }
    const bytes = new Uint8Array(all.buffer);
    const told = { format: 1, parameters, search, warnings, counts: this.#counts, sha256: sha256(bytes) };
    const aside = asideOf(this.#folder);
    sweepAside(this.#folder);
    try {
      await makeFolder(aside);
      await writeFile(join(aside, "scores.f32"), bytes);
      await writeFile(join(aside, "scores.json"), JSON.stringify(told));
      rmSync(this.#folder, { recursive: true, force: true });
      renameSync(aside, this.#folder);
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      // another process was quicker, with the same scores
      if (this.read() === null) throw writeError(this.#folder, error);
    }
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
