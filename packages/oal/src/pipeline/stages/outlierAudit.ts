/**
 * Stages "outliers:SOURCE": what the teacher makes of the pictures of an outlier source before students are shown them, which of them
 * may be shown, and a sheet to look at. What is looked at is what a training would show.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { spacedPositions } from "../../data/badImages.js";
import { classesInTurn } from "../../data/classesInTurn.js";
import type { ImageSet } from "../../data/imageSet.js";
import { keptShares, type AuditOptions } from "../../outliers/auditOptions.js";
import { writeContactSheet } from "../../outliers/contactSheet.js";
import { auditFault, setFigures, sharesBelow, sureness, type TeacherView } from "../../outliers/setAudit.js";
import {
  candidatesAmong,
  chosenPictures,
  writeChoice,
  type RowChoice,
} from "../../outliers/sources/choice.js";
import { outlierSources } from "../../outliers/sources/index.js";
import { openSource } from "../../outliers/sources/plan.js";
import type { Predictor } from "../../training/predict.js";
import type { OutlierPictures } from "../../training/side/outliers.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import type { RefusalJob, Stage, StageJob } from "../plan/stage.js";
import { auditedSources } from "../recipeNeeds.js";
import { predictionEffort } from "./classifierTraining.js";
import { readBank } from "./embeddings.js";
import { changedSlices, sharesThatStay, type Drawn } from "./changedClasses.js";
import { teacherPredictor } from "./teacherBytes.js";

/** File with the figures, and file with training pictures on the left and outliers on the right. */
export const auditFiles = { figures: "audit.json", sheet: "sheet.png" } as const;

/** Pictures that are made together, each batch as those of a step of its own. */
const atOnce = 64;

/** One per source that some student is shown. */
export const outlierAuditStage: Stage = {
  id: "outliers",
  version: 3,
  title: "the pictures of an outlier source as the teacher sees them",
  variants: auditedSources,
  slice: ({ config, data }, id) => {
    const slices = changedSlices(data.validation.set);
    const { sample, changed } = config.audit;
    const { section, byClass } = outlierSources.find(id);
    const kept = keptShares(config, id);
    // only keys of what the words are true of have them
    const own = {
      ...(isMadeInBatch(config, id) ? { draws: "each, of rows from all over" } : {}),
      ...(sample === 0 ? { judged: false } : {}),
    };
    return {
      sample,
      ...(byClass ? { changed, ...(slices > 1 ? { slices } : {}) } : {}),
      ...(section === undefined ? {} : { options: config[section] }),
      ...(kept ? { kept, candidates: config.keep.candidates, ...own } : {}),
    };
  },
  inputs: (config, id) => ({
    teacher: "teacher",
    embeddings: "embeddings",
    ...Object.fromEntries(
      outlierSources
        .find(id)
        .stages(config)
        .map((stage) => [stage, stage]),
    ),
  }),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config, data, models }, id) =>
    predictionEffort(
      config.teacher,
      data,
      config.audit.sample + data.validation.set.count + (keptShares(config, id) ? config.keep.candidates : 0),
      models.teacher,
    ),
  async run(job) {
    const { config, data, input, engine, variant: id, folder } = job;
    const predictor = await teacherPredictor(engine, input("teacher").folder, config.evaluation);
    try {
      const known = await lookAt(predictor, data.validation.set, job);
      const byClass = outlierSources.find(id).byClass
        ? await changedClasses(job, predictor, known)
        : { leftOut: [] };
      const { pictures, kept } = await keptPictures(job, predictor, known, byClass.rows);
      try {
        const { embeddings } = await readBank(input("embeddings"));
        // without a sample the pictures are chosen and one is shown, but nothing is judged by it
        const sample = sampleOf(pictures, Math.max(1, config.audit.sample));
        const seen = await seenPictures(predictor, sample, job);
        const figures = await setFigures(engine, seen, known, embeddings, distinctPictures(sample));
        const audit: AuditFigures = { source: id, ...figures, classesLeftOut: byClass.leftOut, kept };
        await writeFile(join(folder, auditFiles.figures), JSON.stringify(audit, null, 2));
        await writeSheet(job, sample);
        const { count, confidences: _own, knownConfidences: _known, ...numbers } = figures;
        return {
          metrics: {
            ...numbers,
            pictures: count,
            ...(kept === null ? {} : { keptShare: kept.share }),
            ...(byClass.leftOut.length === 0 ? {} : { classesLeftOut: byClass.leftOut.length }),
          },
        };
      } finally {
        pictures.close?.();
      }
    } finally {
      await predictor.release();
    }
  },
};

/** Whether a source makes its pictures of the training images, anew in every step. */
function isMadeInBatch(config: Configuration, id: string): boolean {
  return outlierSources.find(id).stages(config).length === 0;
}

/** The teacher's outputs on a set. */
function lookAt(predictor: Predictor, set: ImageSet, { signal }: StageJob): Promise<TeacherView> {
  return predictor.predict(set, () => signal.throwIfAborted());
}

function seenPictures(predictor: Predictor, { count, size, pixels }: Drawn, { signal }: StageJob) {
  const each = pixels.length / count;
  return predictor.predictPixels(count, size, (start, end) => {
    signal.throwIfAborted();
    return pixels.subarray(start * each, end * each);
  });
}

/** Pictures of a source as its first steps would show them. */
function sampleOf(pictures: OutlierPictures, count: number): Drawn {
  const rows = spacedPositions(pictures.count, count);
  const parts: Uint8Array[] = [];
  for (let start = 0; start < rows.length; start += atOnce)
    parts.push(pictures.pictures(rows.slice(start, start + atOnce), start / atOnce));
  const pixels = Buffer.concat(parts);
  const size = Math.round(Math.sqrt(pixels.length / rows.length / 3));
  return { count: rows.length, size, pixels };
}

function distinctPictures({ count, pixels }: Drawn): number {
  const each = pixels.length / count;
  const hashes = Array.from({ length: count }, (_, i) =>
    createHash("sha256")
      .update(pixels.subarray(i * each, (i + 1) * each))
      .digest("base64"),
  );
  return new Set(hashes).size;
}

/** How a source is opened here: as in a training, on the images that are given. */
function opened(job: StageJob, images: ImageSet): Promise<OutlierPictures> {
  const { config, data, variant: id, input } = job;
  const stages = outlierSources.find(id).stages(config);
  return openSource(
    id,
    {
      folders: Object.fromEntries(stages.map((stage) => [stage, input(stage).folder])),
      seed: config.seed,
      classes: data.classNames.length,
      imageSize: images.height,
      images,
    },
    config,
  );
}

/** A class whose pictures stay known when they are changed. */
interface ClassLeftOut {
  readonly name: string;
  /** Share of its changed validation pictures that the teacher is as sure of as of half of the unchanged ones. */
  readonly share: number;
}

/**
 * Training pictures of classes that may be changed: those of whose changed validation pictures the teacher is as sure as of half of the
 * unchanged ones, whichever class it takes them for, for at most a share `audit.changed`. Of a class that looks the same when it is
 * changed that share is a half, give or take a few pictures.
 *
 * @throws OAL-D183 where no class may be
 */
async function changedClasses(
  job: StageJob,
  predictor: Predictor,
  known: TeacherView,
): Promise<{ readonly leftOut: readonly ClassLeftOut[]; readonly rows?: readonly number[] }> {
  const { config, data, variant: id, events } = job;
  const { set: validation } = data.validation;
  const changed = await opened(job, validation);
  const look = (drawn: Drawn): Promise<TeacherView> => seenPictures(predictor, drawn, job);
  const shares = await sharesThatStay({ changed, validation, known, look }).finally(() => changed.close?.());
  const stay = [...shares].filter(([, share]) => share > config.audit.changed);
  if (stay.length === 0) return { leftOut: [] };
  const leftOut = stay.map(([label, share]): ClassLeftOut => ({
    name: data.classNames[label] ?? String(label),
    share,
  }));
  const told = leftOut.map(({ name, share }) => `${name} (${(100 * share).toFixed(0)} %)`).join(", ");
  const left = new Set(stay.map(([label]) => label));
  const train = data.train.set.labels;
  const rows = Array.from(train.keys()).filter((row) => !left.has(train[row] ?? -1));
  if (rows.length === 0) throw oalError("OAL-D183", { source: id, classes: told });
  events.warning(
    `outlier source ${id} leaves out the pictures of ${leftOut.length === 1 ? "class" : "classes"} ${told}: of so many validation pictures, changed so, the teacher is as sure as of half of the unchanged ones`,
  );
  return { leftOut, rows };
}

/** What `keep` left of a source. */
interface Kept {
  readonly candidates: number;
  readonly count: number;
  readonly share: number;
  readonly between: readonly [number, number];
}

/**
 * The pictures of a source that may be shown; what was chosen is written into the artifact.
 *
 * @param rows training pictures that may be changed; absent: all
 * @throws OAL-D182 where `keep` leaves none
 */
async function keptPictures(
  job: StageJob,
  predictor: Predictor,
  known: TeacherView,
  rows: readonly number[] | undefined,
): Promise<{ readonly pictures: OutlierPictures; readonly kept: Kept | null }> {
  const { config, data, variant: id, folder, events } = job;
  const whole = await opened(job, data.train.set);
  const between = keptShares(config, id);
  if (between === undefined) {
    if (rows === undefined) return { pictures: whole, kept: null };
    await writeChoice(folder, { rows });
    return { pictures: chosenPictures(whole, { rows }), kept: null };
  }
  const allowed = rows ?? Array.from({ length: whole.count }, (_, row) => row);
  const isMade = isMadeInBatch(config, id);
  // in the batch one picture becomes many; of others each is there once
  const count = isMade ? config.keep.candidates : allowed.length;
  const candidates = candidatesAmong(allowed, count, isMade);
  const all = chosenPictures(whole, candidates);
  const { height } = data.train.set;
  const view = await predictor.predictPixels(
    count,
    height,
    (start, end) =>
      all.pictures(
        Array.from({ length: end - start }, (_, i) => start + i),
        0,
      ),
    (done, total) => {
      job.signal.throwIfAborted();
      events.progress(done, total, { text: `choosing among pictures of ${id}` });
    },
  );
  const shares = sharesBelow(sureness(view), sureness(known));
  const [low, high] = between;
  const places = Array.from(shares.keys()).filter((i) => (shares[i] ?? 0) >= low && (shares[i] ?? 0) <= high);
  if (places.length === 0) {
    let [least, most] = [1, 0];
    for (const share of shares) [least, most] = [Math.min(least, share), Math.max(most, share)];
    throw oalError("OAL-D182", { source: id, low, high, candidates: count, least, most });
  }
  const choice: RowChoice = {
    rows: places.map((i) => candidates.rows[i] ?? 0),
    steps: places.map((i) => candidates.steps[i] ?? 0),
    seed: config.seed,
    teacherLogits: Float32Array.from(
      places.flatMap((i) => Array.from(view.logits.subarray(i * view.classes, (i + 1) * view.classes))),
    ),
  };
  await writeChoice(folder, choice);
  const kept = { candidates: count, count: places.length, share: places.length / count, between };
  events.message(
    `${kept.count} of ${count} pictures of ${id} are kept: the teacher is surer of them than of ${100 * low} % of the known validation pictures, and no surer than of ${100 * high} %`,
  );
  return { pictures: chosenPictures(whole, choice), kept };
}

async function writeSheet({ data, folder, config }: StageJob, { count, size, pixels }: Drawn): Promise<void> {
  const { set } = data.train;
  const shown = Math.min(64, set.count);
  const rows = classesInTurn(set.labels, shown, config.seed, "outliers/sheet");
  const spread = spacedPositions(count, 64);
  const each = pixels.length / count;
  const images = Buffer.concat(spread.map((i) => pixels.subarray(i * each, (i + 1) * each)));
  await writeContactSheet(
    join(folder, auditFiles.sheet),
    [
      { images: set.read(rows), count: shown },
      { images, count: spread.length },
    ],
    { size, scale: size > 64 ? 1 : 2 },
  );
}

const share = z.number();
const figuresSchema = z.object({
  source: z.string(),
  count: z.number(),
  meanConfidence: share,
  knownMeanConfidence: share,
  sure: share,
  distance: z.number(),
  knownDistance: z.number(),
  near: share,
  fakes: share,
  knownFakes: share,
  knownCount: z.number(),
  distinct: share,
  confidences: z.array(share).readonly(),
  knownConfidences: z.array(share).readonly(),
  classesLeftOut: z.array(z.object({ name: z.string(), share })).readonly(),
  kept: z
    .object({ candidates: z.number(), count: z.number(), share, between: z.tuple([share, share]).readonly() })
    .nullable(),
});

type AuditFigures = Readonly<z.infer<typeof figuresSchema>>;

/** The audit of a source: its figures, and why it fails; null: it passes. */
export interface OutlierAudit extends AuditFigures {
  readonly fault: string | null;
}

/**
 * Reads an audit. Its limits judge what was measured and are no part of it: who changes one makes nothing again.
 *
 * @throws OAL-I103 when the file is damaged
 */
export async function readAudit({ folder }: Artifact, limits: AuditOptions): Promise<OutlierAudit> {
  const path = join(folder, auditFiles.figures);
  try {
    const figures = figuresSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return { ...figures, fault: limits.sample === 0 ? null : auditFault(figures, limits) };
  } catch (error) {
    throw oalError("OAL-I103", { path, problem: "it holds no audit of outliers" }, error);
  }
}

/**
 * Refuses to train on outliers that failed their audit, and to take a student that was trained on them; where that is allowed
 * (audit.allowFailed), it is warned of.
 *
 * @throws OAL-D181 for the first that failed
 */
export async function refuseFailedAudits(
  { config, variant, input, events }: RefusalJob,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const { source, fault } = await readAudit(input(name), config.audit);
    const { folder } = input(name);
    if (fault === null) continue;
    if (!config.audit.allowFailed)
      throw oalError("OAL-D181", { source, recipe: variant, fault, sheet: join(folder, auditFiles.sheet) });
    events.warning(`outlier source ${source} fails its audit: ${fault}`);
  }
}
