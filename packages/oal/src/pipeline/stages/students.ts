/** Stages "student:ce", "student:kd", "student:oal": the same network, data order and budget, different loss terms. */
import { join } from "node:path";
import type { Artifact } from "../artifact.js";
import type { MethodName } from "../runTypes.js";
import { runStage } from "../stage.js";
import { boundaryFile } from "./boundary.js";
import { classifierFiles } from "./classifierArtifact.js";
import { classifierSlice, trainSection, type ClassifierTerms } from "./classifierTraining.js";
import { networkChoice, type StageContext } from "./context.js";
import type { PreparedData } from "./data.js";
import { embeddingsFile } from "./embeddings.js";
import { decodedFolder, latentsFile } from "./latents.js";

/** What students are trained with; which of it depends on the method. */
export interface StudentInputs {
  readonly teacher?: Artifact | undefined;
  readonly embeddings?: Artifact | undefined;
  readonly boundary?: Artifact | undefined;
  readonly latents?: Artifact | undefined;
}

/** Trains one student, or finds it. */
export async function studentStage(
  context: StageContext,
  data: PreparedData,
  method: MethodName,
  given: StudentInputs,
): Promise<Artifact> {
  const { config, run } = context;
  const inputs = neededInputs(context, method, given);
  return runStage(
    run,
    {
      name: `student:${method}`,
      version: 2,
      slice: {
        ...classifierSlice(config.student, data),
        ...(method === "ce" ? {} : { kd: config.kd }),
        ...(method === "oal" ? { mi: config.mi, exposure: config.exposure } : {}),
      },
      inputs,
      data: { train: data.train.set.contentHash, validation: data.validation.set.contentHash },
      body: async (folder, events, signal) => ({
        metrics: await trainSection(
          `student ${method}`,
          config.student,
          termsOf(context, data, method, inputs),
          { context, data },
          { folder, events, signal },
        ),
      }),
    },
    context.signal,
  );
}

/** Loss terms of a method, and the files they read. */
function termsOf(
  { config }: StageContext,
  data: PreparedData,
  method: MethodName,
  { teacher, embeddings, boundary, latents }: StudentInputs,
): ClassifierTerms {
  const { kd, mi, exposure } = config;
  const network = networkChoice(config.teacher, data.classNames.length, data.train.set.height);
  return {
    methods: method,
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
function neededInputs(
  { config }: StageContext,
  method: MethodName,
  given: StudentInputs,
): StudentInputs & Record<string, Artifact> {
  const { teacher, embeddings, boundary, latents } = given;
  const inputs: Record<string, Artifact> = {};
  if (method === "ce") return inputs;
  if (teacher && config.kd.teacherView === "same") inputs["teacher"] = teacher;
  if (embeddings && config.kd.teacherView === "clean") inputs["embeddings"] = embeddings;
  if (method === "kd") return inputs;
  if (boundary) inputs["boundary"] = boundary;
  if (latents) inputs["latents"] = latents;
  return inputs;
}
