/** Stage "teacher": a network of our own, trained with cross-entropy on the ID training images. */
import { join } from "node:path";
import type { Artifact } from "../artifact.js";
import { runStage } from "../stage.js";
import { trainClassifier, resultPath } from "./classifierTraining.js";
import {
  augmentationOf,
  batchSizeOf,
  networkChoice,
  trainingOptionsOf,
  type StageContext,
} from "./context.js";
import type { PreparedData } from "./data.js";
import { startOf } from "./start.js";

/** Trains the teacher, or finds it. */
export async function teacherStage(context: StageContext, data: PreparedData): Promise<Artifact> {
  const { config, run, signal } = context;
  const section = config.teacher;
  const { train } = data;
  return runStage(
    run,
    {
      name: "teacher",
      version: 1,
      slice: { recipe: section, classes: data.classNames.length },
      inputs: {},
      data: { train: train.set.contentHash },
      body: async (folder, events, stop) => {
        const network = networkChoice(section, data.classNames.length, train.set.height);
        const initial = await startOf(folder, network, train.set, data.normalisation);
        const metrics = await trainClassifier(
          folder,
          {
            kind: "classifier",
            training: trainingOptionsOf(
              "teacher",
              section,
              train.set.count,
              context,
              join(folder, "checkpoints"),
            ),
            images: train.folder,
            network,
            batchSize: batchSizeOf(section, train.set.count),
            normalisation: data.normalisation,
            augmentation: augmentationOf(section),
            methods: "ce",
            settings: { student: { labelSmoothing: section.labelSmoothing } },
            pairing: "class",
            outlierFraction: 0,
            outlierStart: 0,
            ...(initial === undefined ? {} : { initial }),
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
