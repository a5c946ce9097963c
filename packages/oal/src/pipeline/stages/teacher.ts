/** Stages "teacher", a network of our own trained with cross-entropy on the ID training images, and "teacher:test". */
import type { Stage } from "../plan/stage.js";
import {
  accuracyOn,
  classifierSlice,
  predictionEffort,
  trainSection,
  trainingEffort,
} from "./classifierTraining.js";

/** The teacher: a classifier artifact. */
export const teacherStage: Stage = {
  id: "teacher",
  version: 2,
  title: "a classifier trained with cross-entropy",
  variants: () => [""],
  slice: ({ config, data }) => classifierSlice(config.teacher, data),
  inputs: () => ({}),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config, data }) => trainingEffort(config.teacher, data, "ce"),
  async run(job) {
    const section = job.config.teacher;
    const settings = { student: { labelSmoothing: section.labelSmoothing } };
    return { metrics: await trainSection("teacher", section, { methods: "ce", settings }, job) };
  },
};

/** The teacher on the ID test images, for the record; a stage of its own, so that no test image is in the teacher's key. */
export const teacherTestStage: Stage = {
  id: "teacher:test",
  version: 1,
  title: "the teacher's accuracy on test images",
  variants: () => [""],
  slice: () => ({}),
  inputs: () => ({ teacher: "teacher" }),
  sets: ({ test }) => ({ test: test.set }),
  effort: ({ config, data }) => predictionEffort(config.teacher, data, data.test.set.count),
  async run(job) {
    const { accuracy } = await accuracyOn(job.input("teacher").folder, job.data.test.set, job);
    return { metrics: { testAccuracy: accuracy } };
  },
};
