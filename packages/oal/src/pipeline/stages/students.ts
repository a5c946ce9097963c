/** Stages "student:ce", "student:kd", "student:oal": the same network, data order and budget, different loss terms. */
import { join } from "node:path";
import type { Artifact } from "../artifact.js";
import type { MethodName } from "../runTypes.js";
import { runStage } from "../stage.js";
import { boundaryFile } from "./boundary.js";
import { classifierFiles } from "./classifierArtifact.js";
import { resultPath, trainClassifier } from "./classifierTraining.js";
import {
  augmentationOf,
  batchSizeOf,
  networkChoice,
  trainingOptionsOf,
  type StageContext,
} from "./context.js";
import type { PreparedData } from "./data.js";
import { embeddingsFile } from "./embeddings.js";
import { decodedFolder, latentsFile } from "./latents.js";
import { startOf } from "./start.js";

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
  const { config, run, signal } = context;
  const section = config.student;
  const { train } = data;
  const needed = neededInputs(context, method, given);
  return runStage(
    run,
    {
      name: `student:${method}`,
      version: 1,
      slice: {
        recipe: section,
        classes: data.classNames.length,
        ...(method === "ce" ? {} : { kd: config.kd }),
        ...(method === "oal" ? { mi: config.mi, exposure: config.exposure } : {}),
      },
      inputs: needed,
      data: { train: train.set.contentHash },
      body: async (folder, events, stop) => {
        const network = networkChoice(section, data.classNames.length, train.set.height);
        const initial = await startOf(folder, network, train.set, data.normalisation);
        const { teacher, embeddings, boundary, latents } = needed;
        const teacherNetwork = networkChoice(config.teacher, data.classNames.length, train.set.height);
        const metrics = await trainClassifier(
          folder,
          {
            kind: "classifier",
            training: {
              ...trainingOptionsOf(
                `student ${method}`,
                section,
                train.set.count,
                context,
                join(folder, "checkpoints"),
              ),
              groupRates: { dt: config.kd.dtLearningRate },
            },
            images: train.folder,
            network,
            batchSize: batchSizeOf(section, train.set.count),
            normalisation: data.normalisation,
            augmentation: augmentationOf(section),
            methods: method,
            settings: {
              student: { labelSmoothing: section.labelSmoothing },
              kd: config.kd,
              mi: config.mi,
              exposure: config.exposure,
            },
            pairing: config.mi.pairing,
            outlierFraction: config.exposure.fraction,
            outlierStart: config.exposure.start,
            ...(initial === undefined ? {} : { initial }),
            ...(embeddings && config.kd.teacherView === "clean"
              ? { teacherTable: join(embeddings.folder, embeddingsFile) }
              : {}),
            ...(teacher && config.kd.teacherView === "same"
              ? {
                  teacher: {
                    network: teacherNetwork,
                    parameters: join(teacher.folder, classifierFiles.parameters),
                  },
                }
              : {}),
            ...(boundary ? { outlierEmbeddings: join(boundary.folder, boundaryFile) } : {}),
            ...(latents
              ? {
                  outlierLatents: join(latents.folder, latentsFile),
                  outlierImages: join(latents.folder, decodedFolder),
                }
              : {}),
            result: resultPath(folder),
          },
          data.classNames,
          data.validation.set,
          events,
          stop,
          config.evaluation.batchSize,
        );
        return { metrics };
      },
    },
    signal,
  );
}

/** Only what the method reads belongs in the artifact's key. */
function neededInputs(
  { config }: StageContext,
  method: MethodName,
  given: StudentInputs,
): Record<string, Artifact> {
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
