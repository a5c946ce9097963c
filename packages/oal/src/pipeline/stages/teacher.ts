/** Stage "teacher": a network of our own, trained with cross-entropy on the ID training images. */
import type { Artifact } from "../artifact.js";
import { runStage } from "../stage.js";
import { accuracyOn, classifierSlice, trainSection } from "./classifierTraining.js";
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
      data: { train: data.train.set.contentHash, validation: data.validation.set.contentHash },
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

/** Measures the teacher on the ID test images, for the record; an artifact of its own, so that no test image is in the teacher's key. */
export async function teacherTestStage(
  context: StageContext,
  data: PreparedData,
  teacher: Artifact,
): Promise<Artifact> {
  return runStage(
    context.run,
    {
      name: "teacher:test",
      version: 1,
      slice: {},
      inputs: { teacher },
      data: { test: data.test.set.contentHash },
      body: async () => ({
        metrics: { testAccuracy: (await accuracyOn(teacher.folder, data.test.set, context)).accuracy },
      }),
    },
    context.signal,
  );
}
