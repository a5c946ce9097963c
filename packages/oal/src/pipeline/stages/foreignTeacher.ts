/** A model of someone else as the teacher: as it is, with a head for the classes of the run. */
import { oalError, type Normalisation } from "oal-core";
import type { LoadedModel } from "../../models/load.js";
import { nameOf } from "../../models/modelName.js";
import { importedNetwork, type ImportedParts } from "../../nn/imported/index.js";
import { seesAsStudent, wantsBytes } from "../configuration/initSection.js";
import type { Setting, StageJob } from "../plan/stage.js";
import { saveClassifier } from "./classifierArtifact.js";
import { accuracyOn } from "./classifierTraining.js";
import { saveImported } from "./imported.js";
import { headFor, type FoundHead } from "./importedHead.js";
import { teacherParts } from "./initNetwork.js";
import { writeBytes } from "./teacherBytes.js";
import { knownForTeacher } from "./teacherViews.js";

/** The model that teaches. */
export function foreignModelOf({ models: { teacher } }: Pick<Setting, "models">): LoadedModel {
  if (!teacher) throw oalError("OAL-X101", { problem: "a foreign teacher without a model" });
  return teacher;
}

/** Its normalisation: its own, or the student's where it gets the student's pictures as they are. */
export function foreignNormalisation(setting: Setting): Normalisation {
  const { mean, std } = foreignModelOf(setting).preprocessing;
  return seesAsStudent(setting.config) ? setting.data.normalisation : { mean, std };
}

/** Its head for the classes of the run: rows of its own last layer, or one that fits its features. */
export async function foreignHead(job: StageJob, onPictures: (done: number) => void): Promise<FoundHead> {
  const { config, data, events, engine, signal } = job;
  const model = foreignModelOf(job);
  const found = await headFor(model, {
    name: nameOf(model.path),
    classNames: data.classNames,
    pictures: knownForTeacher(data).train,
    engine,
    batchSize: config.evaluation.batchSize,
    onProgress: (done, total) => {
      signal.throwIfAborted();
      onPictures(done);
      events.progress(done, total, { text: "the teacher's features of the training pictures" });
    },
  });
  events.message(found.sentence);
  return found;
}

/**
 * Writes it as a classifier artifact.
 *
 * @param folder of the artifact
 * @throws OAL-T141 when it wants pictures of another size than the student's, which it is to get as they are
 */
export async function writeForeign(job: Setting, folder: string, parts: ImportedParts): Promise<void> {
  const { config, data } = job;
  const { crop } = foreignModelOf(job).preprocessing;
  const student = knownForTeacher(data).train.height;
  if (seesAsStudent(config) && crop !== student) throw oalError("OAL-T141", { teacher: crop, student });
  const network = importedNetwork(parts);
  await saveImported(folder, parts);
  const { classNames } = data;
  const options = { classes: classNames.length, imageSize: crop };
  const model = {
    network: { id: parts.name, options, imported: network },
    normalisation: foreignNormalisation(job),
    classNames,
  };
  await saveClassifier(folder, new Map(), model, folder);
}

/**
 * Writes the model as a classifier artifact, and measures it.
 *
 * @returns figures for artifact.json
 * @throws OAL-C211 when it has other classes and shows no features
 */
export async function saveForeignTeacher(job: StageJob): Promise<Record<string, number>> {
  const { config, data, folder } = job;
  const { validation } = knownForTeacher(data);
  const started = performance.now();
  let pictures = 0;
  const { head } = await foreignHead(job, (done) => {
    pictures = done;
  });
  await writeForeign(job, folder, teacherParts(foreignModelOf(job), head));
  const { accuracy } = await accuracyOn(folder, validation, job);
  const secondsPerPicture = (performance.now() - started) / 1000 / Math.max(1, pictures + validation.count);
  const bytes = wantsBytes(config) ? await writeBytes(job) : {};
  return { validationAccuracy: accuracy, ...costOf(secondsPerPicture, bytes) };
}

/** What a teacher's picture costs, with 8 bits where that was taken. */
export function costOf(
  secondsPerPicture: number,
  bytes: Readonly<Record<string, number>>,
): Record<string, number> {
  const { decisionsOfBytes = 0, timeOfBytes = 1 } = bytes;
  const share = decisionsOfBytes > 0 && timeOfBytes < 1 ? timeOfBytes : 1;
  return { secondsPerPicture: secondsPerPicture * share, ...bytes };
}
