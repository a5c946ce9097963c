/** Stage "teacher": a network of our own, trained with cross-entropy on the ID training images. */
import type { Artifact } from "../artifact.js";
import { runStage } from "../stage.js";
import { classifierSlice, trainSection } from "./classifierTraining.js";
import type { StageContext } from "./context.js";
import type { PreparedData } from "./data.js";

/** Trains the teacher, or finds it. */
export async function teacherStage(context: StageContext, data: PreparedData): Promise<Artifact> {
  const section = context.config.teacher;
  const settings = { student: { labelSmoothing: section.labelSmoothing } };
  return runStage(
    context.run,
    {
      name: "teacher",
      version: 2,
      slice: classifierSlice(section, data),
      inputs: {},
      data: { train: data.train.set.contentHash },
      body: async (folder, events, signal) => ({
        metrics: await trainSection(
          "teacher",
          section,
          { methods: "ce", settings },
          { context, data },
          { folder, events, signal },
        ),
      }),
    },
    context.signal,
  );
}
