/** Stages "teacher", a network of our own trained with cross-entropy on the ID training images, and "teacher:test". */
import { ce } from "../../training/recipes/ce.js";
import { seesAsStudent, wantsBytes } from "../configuration/initSection.js";
import type { Configuration } from "../configuration/schema.js";
import type { Stage } from "../plan/stage.js";
import { planRecipe, type RecipePlan } from "../recipeNeeds.js";
import {
  accuracyOn,
  classifierSlice,
  predictionEffort,
  trainSection,
  trainingEffort,
} from "./classifierTraining.js";
import { finetuneEffort, finetuneSlice, isFinetuned, saveFinetunedTeacher } from "./finetunedTeacher.js";
import { saveForeignTeacher } from "./foreignTeacher.js";
import { knownForTeacher } from "./teacherViews.js";

/** A teacher learns the labels and nothing else. */
const recipe = ce.id;
const plan = (config: Configuration): RecipePlan => planRecipe(recipe, config, config.teacher);

/** The section of a network of ours, without the keys for models of others. */
function ownSection({ teacher }: Configuration): Configuration["teacher"] {
  const { finetune: _ofOthers, ...own } = teacher;
  return own;
}

/** The teacher: a classifier artifact. */
export const teacherStage: Stage = {
  id: "teacher",
  version: 4,
  title: "a classifier trained with cross-entropy",
  variants: () => [""],
  slice: (setting) => {
    const { config, data, models } = setting;
    return models.teacher
      ? {
          model: models.teacher.hash,
          pictures: models.teacher.preprocessing,
          order: models.teacher.normalisation.order,
          classNames: data.classNames,
          ...(seesAsStudent(config) ? { normalisation: data.normalisation } : {}),
          ...(wantsBytes(config) ? { precision: "int8" } : {}),
          ...(isFinetuned(setting) ? finetuneSlice(setting) : {}),
        }
      : classifierSlice(ownSection(config), plan(config), data);
  },
  inputs: () => ({}),
  sets: (data) => {
    const { train, validation } = knownForTeacher(data);
    return { train, validation };
  },
  effort: (setting) => {
    const { config, data, models } = setting;
    if (isFinetuned(setting)) return finetuneEffort(setting);
    const pictures = data.train.set.count + data.validation.set.count;
    return models.teacher
      ? predictionEffort(config.teacher, data, pictures, models.teacher)
      : trainingEffort(config.teacher, data, plan(config).settings);
  },
  async run(job) {
    if (isFinetuned(job)) return { metrics: await saveFinetunedTeacher(job) };
    if (job.models.teacher) return { metrics: await saveForeignTeacher(job) };
    return { metrics: await trainSection("teacher", job.config.teacher, recipe, job) };
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
  sets: (data) => ({ test: knownForTeacher(data).test }),
  effort: ({ config, data, models }) =>
    predictionEffort(config.teacher, data, data.test.set.count, models.teacher),
  async run(job) {
    const { accuracy } = await accuracyOn(job.input("teacher").folder, knownForTeacher(job.data).test, job);
    return { metrics: { testAccuracy: accuracy } };
  },
};
