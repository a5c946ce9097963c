/** A model of someone else that is trained on the classes of the run before it teaches: its head at one rate, the layers before at another. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ImageSet } from "../../data/imageSet.js";
import type { LoadedModel } from "../../models/load.js";
import { resizePictures } from "../../data/resizePictures.js";
import { storeImageSet } from "../../data/storeSet.js";
import { adam } from "../../nn/optimisers/adam.js";
import { cosineSchedule } from "../../nn/schedules/cosine.js";
import { ce } from "../../training/recipes/ce.js";
import { finetuneOf, wantsBytes } from "../configuration/initSection.js";
import type { Configuration } from "../configuration/schema.js";
import type { Effort, Setting, StageJob } from "../plan/stage.js";
import { classifierFiles } from "./classifierArtifact.js";
import { accuracyOn, trainingEffort, trainSection } from "./classifierTraining.js";
import type { RecipeSection } from "./context.js";
import type { StoredSet } from "./data.js";
import { costOf, foreignHead, foreignModelOf, foreignNormalisation, writeForeign } from "./foreignTeacher.js";
import { knowsClasses, newHead } from "./importedHead.js";
import { finetunedNetwork, trainedSentence } from "./initNetwork.js";
import { modelOperations, stepPasses } from "./operations.js";
import { writeBytes } from "./teacherBytes.js";
import { knownForTeacher } from "./teacherViews.js";

/** Whether the teacher of a run is trained further. */
export function isFinetuned({ config, data, models: { teacher } }: Setting): boolean {
  return teacher !== undefined && surelyFinetuned(config, teacher, data.classNames);
}

/**
 * Whether a model is surely trained further before it teaches.
 *
 * @param classNames of the run; absent where they are not known yet: one that names classes of its own may know these, and then teaches as
 *   it is
 */
export function surelyFinetuned(
  config: Configuration,
  teacher: LoadedModel,
  classNames?: readonly string[],
): boolean {
  const { when } = finetuneOf(config);
  if (when !== "newClasses") return when === "always";
  return classNames === undefined ? teacher.classNames === null : !knowsClasses(teacher, classNames);
}

/** The training, in the keys of every other one: cross-entropy, Adam without decay, half a cosine. */
export function finetuneSection({ teacher }: Configuration): RecipeSection {
  const { epochs, batchSize, learningRate, minFactor } = finetuneOf({ teacher });
  return {
    ...teacher,
    ...adam.schema.parse({}),
    ...cosineSchedule.schema.parse({ minFactor }),
    optimiser: adam.id,
    schedule: cosineSchedule.id,
    epochs,
    batchSize,
    learningRate,
    weightDecay: 0,
    clipNorm: 0,
    ema: 0,
  };
}

/** What a fine-tuned teacher depends on beside the model, the pictures and the classes. */
export function finetuneSlice({ config, data }: Setting): Record<string, unknown> {
  const { augmentation, keep, rest } = config.teacher;
  const { when: _when, ...finetune } = finetuneOf(config);
  return { finetune, augmentation, keep, rest, seed: config.seed, normalisation: data.normalisation };
}

/** Its steps. */
export function finetuneEffort({ config, data, models }: Setting): Effort {
  const { frozen } = finetuneOf(config);
  const { teacher } = models;
  const operations = teacher ? () => stepPasses * modelOperations(teacher) : null;
  return trainingEffort(finetuneSection(config), data, "finetune", [teacher?.hash, frozen], operations);
}

/**
 * Trains the model and writes it as a classifier artifact.
 *
 * @returns figures for artifact.json, the accuracy that it began with among them
 * @throws OAL-C211 when it shows no features for a head, or cannot be cut where it is to be frozen; OAL-T131 when nothing of it can be trained
 */
export async function saveFinetunedTeacher(job: StageJob): Promise<Record<string, number>> {
  const { config, data, checkpoints, events } = job;
  const model = foreignModelOf(job);
  const { head: wanted } = finetuneOf(config);
  const start = join(checkpoints, "start");
  // its description is written last
  if (!existsSync(join(start, classifierFiles.description))) {
    await mkdir(start, { recursive: true });
    const head =
      wanted === "new"
        ? newHead(model, data.classNames.length, config.seed)
        : (await foreignHead(job, () => undefined)).head;
    const made = finetunedNetwork(config, model, head);
    events.message(trainedSentence(made));
    await writeForeign(job, start, made.parts);
  }
  const known = knownForTeacher(data);
  const started = performance.now();
  const before = await accuracyOn(start, known.validation, job);
  const secondsPerPicture = (performance.now() - started) / 1000 / known.validation.count;
  const size = model.preprocessing.crop;
  const pictures = {
    train: await storedAt(size, known.train, data.train, join(checkpoints, "train")),
    validation: await storedAt(size, known.validation, data.validation, join(checkpoints, "validation")),
    normalisation: foreignNormalisation(job),
  };
  const figures = await trainSection("teacher", finetuneSection(config), ce.id, job, {
    start: { init: start },
    pictures,
  });
  const bytes = wantsBytes(config) ? await writeBytes(job) : {};
  return { ...figures, startValidationAccuracy: before.accuracy, ...costOf(secondsPerPicture, bytes) };
}

/**
 * Pictures where the training thread can open them, at the size that the teacher takes.
 *
 * @param own the run's pictures
 * @param folder where they are written, if they lie nowhere as they are wanted
 */
async function storedAt(size: number, set: ImageSet, own: StoredSet, folder: string): Promise<StoredSet> {
  if (set === own.set && set.height === size) return own;
  if (set.folder !== undefined && set.height === size) return { set, folder: set.folder };
  const resized: ImageSet = {
    ...set,
    height: size,
    width: size,
    read: (indices, out) => {
      const pixels = set.read(indices);
      const shown = set.height === size ? pixels : resizePictures(pixels, set.height, size);
      out?.set(shown);
      return out ?? shown;
    },
  };
  // its manifest is written last
  if (!existsSync(join(folder, "set.json"))) await storeImageSet(resized, folder);
  return { set, folder };
}
