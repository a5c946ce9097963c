/** A model of someone else as the teacher: as it is, with a head for the classes of the run. */
import { oalError } from "oal-core";
import { nameOf } from "../../models/modelName.js";
import { importedNetwork } from "../../nn/imported/index.js";
import { seesAsStudent, wantsBytes } from "../configuration/initSection.js";
import type { StageJob } from "../plan/stage.js";
import { saveClassifier } from "./classifierArtifact.js";
import { accuracyOn } from "./classifierTraining.js";
import { saveImported } from "./imported.js";
import { headFor } from "./importedHead.js";
import { teacherParts } from "./initNetwork.js";
import { writeBytes } from "./teacherBytes.js";
import { knownForTeacher } from "./teacherViews.js";

/**
 * Writes the model as a classifier artifact.
 *
 * @returns figures for artifact.json
 * @throws OAL-C211 when it has other classes and shows no features
 */
export async function saveForeignTeacher(job: StageJob): Promise<Record<string, number>> {
  const { config, data, folder, events, models, engine, signal } = job;
  const model = models.teacher;
  if (!model) throw oalError("OAL-X101", { problem: "a foreign teacher without a model" });
  const name = nameOf(model.path);
  const { train, validation } = knownForTeacher(data);
  const { classNames } = data;
  const started = performance.now();
  let pictures = 0;
  const { head, sentence } = await headFor(model, {
    name,
    classNames,
    pictures: train,
    engine,
    batchSize: config.evaluation.batchSize,
    onProgress: (done, total) => {
      signal.throwIfAborted();
      pictures = done;
      events.progress(done, total, { text: "the teacher's features of the training pictures" });
    },
  });
  events.message(sentence);
  const parts = teacherParts(model, head);
  const network = importedNetwork(parts);
  await saveImported(folder, parts);
  const { crop, mean, std } = model.preprocessing;
  const own = { mean, std } as const;
  if (seesAsStudent(config) && crop !== train.height)
    throw oalError("OAL-T141", { teacher: crop, student: train.height });
  const choice = { id: name, options: { classes: classNames.length, imageSize: crop }, imported: network };
  await saveClassifier(
    folder,
    new Map(),
    { network: choice, normalisation: seesAsStudent(config) ? data.normalisation : own, classNames },
    folder,
  );
  const { accuracy } = await accuracyOn(folder, validation, job);
  const secondsPerPicture = (performance.now() - started) / 1000 / Math.max(1, pictures + validation.count);
  const bytes = wantsBytes(config) ? await writeBytes(job) : {};
  const { decisionsOfBytes = 0, timeOfBytes = 1 } = bytes;
  const share = decisionsOfBytes > 0 && timeOfBytes < 1 ? timeOfBytes : 1;
  return { validationAccuracy: accuracy, secondsPerPicture: secondsPerPicture * share, ...bytes };
}
