/** Stages "student:ce", "student:kd", "student:oal": the same network, data order and budget, different loss terms. */
import { join } from "node:path";
import { oalError } from "oal-core";
import type { Configuration } from "../configuration/schema.js";
import type { Stage, StageJob } from "../plan/stage.js";
import type { MethodName } from "../runTypes.js";
import { boundaryFile } from "./boundary.js";
import { classifierFiles } from "./classifierArtifact.js";
import { classifierSlice, trainSection, trainingEffort, type ClassifierTerms } from "./classifierTraining.js";
import { networkChoice } from "./context.js";
import { embeddingsFile } from "./embeddings.js";
import { decodedFolder, latentsFile } from "./latents.js";

/** A student per method: classifier artifacts. */
export const studentStage: Stage = {
  id: "student",
  version: 2,
  title: "a classifier trained by a method",
  variants: ({ methods }) => methods,
  slice: ({ config, data }, method) => ({
    ...classifierSlice(config.student, data),
    ...(method === "ce" ? {} : { kd: config.kd }),
    ...(method === "oal" ? { mi: config.mi, exposure: config.exposure } : {}),
  }),
  inputs: neededInputs,
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config, data }, method) => {
    const { kd, mi, exposure } = config;
    const terms = method === "oal" ? { kd, mi, exposure } : method === "kd" ? { kd } : {};
    return trainingEffort(config.student, data, terms);
  },
  async run(job) {
    const name = `student ${job.variant}`;
    return { metrics: await trainSection(name, job.config.student, termsOf(job), job) };
  },
};

/** Loss terms of a method, and the files they read. */
function termsOf({ config, data, variant, optionalInput }: StageJob): ClassifierTerms {
  const { kd, mi, exposure } = config;
  const [teacher, embeddings, boundary, latents] = ["teacher", "embeddings", "boundary", "latents"].map(
    (role) => optionalInput(role),
  );
  const network = networkChoice(config.teacher, data.classNames.length, data.train.set.height);
  return {
    methods: methodNamed(variant),
    settings: { student: { labelSmoothing: config.student.labelSmoothing }, kd, mi, exposure },
    groupRates: { dt: kd.dtLearningRate },
    pairing: mi.pairing,
    outlierFraction: exposure.fraction,
    outlierStart: exposure.start,
    ...(embeddings ? { teacherTable: join(embeddings.folder, embeddingsFile) } : {}),
    ...(teacher
      ? { teacher: { network, parameters: join(teacher.folder, classifierFiles.parameters) } }
      : {}),
    ...(boundary ? { outlierEmbeddings: join(boundary.folder, boundaryFile) } : {}),
    ...(latents
      ? {
          outlierLatents: join(latents.folder, latentsFile),
          outlierImages: join(latents.folder, decodedFolder),
        }
      : {}),
  };
}

/** Only what the method reads belongs in the artifact's key. */
function neededInputs({ kd }: Configuration, method: string): Readonly<Record<string, string>> {
  if (method === "ce") return {};
  const teacher = kd.teacherView === "same" ? { teacher: "teacher" } : { embeddings: "embeddings" };
  return method === "kd" ? teacher : { ...teacher, boundary: "boundary", latents: "latents" };
}

function methodNamed(variant: string): MethodName {
  const method = (["ce", "kd", "oal"] as const).find((name) => name === variant);
  if (method === undefined) throw oalError("OAL-X101", { problem: `there is no method "${variant}"` });
  return method;
}
