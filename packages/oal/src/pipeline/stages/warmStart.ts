/** Stage "warmStart": a student trained with cross-entropy alone, which the students of every recipe start from. */
import { ce } from "../../training/recipes/ce.js";
import type { Configuration } from "../configuration/schema.js";
import type { Stage } from "../plan/stage.js";
import { planRecipe, type RecipePlan } from "../recipeNeeds.js";
import { classifierSlice, trainSection, trainingEffort } from "./classifierTraining.js";
import type { RecipeSection } from "./context.js";

/** The student's section with the length and rates of the warm start. */
function sectionOf({ student, warmStart }: Configuration): RecipeSection {
  const { epochs, learningRate, minFactor } = warmStart;
  return { ...student, epochs, learningRate, ...("minFactor" in student ? { minFactor } : {}) };
}

const plan = (config: Configuration): RecipePlan => planRecipe(ce.id, config, sectionOf(config));

/** The start of the students: a classifier artifact. */
export const warmStartStage: Stage = {
  id: "warmStart",
  version: 1,
  title: "a student trained with cross-entropy, which the others start from",
  seeds: "students",
  variants: ({ warmStart, init }) => (warmStart.epochs > 0 && init.model === undefined ? [""] : []),
  slice: ({ config, data }) => classifierSlice(sectionOf(config), plan(config), data),
  inputs: () => ({}),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config, data }) => trainingEffort(sectionOf(config), data, plan(config).settings),
  run: async (job) => ({ metrics: await trainSection("warm start", sectionOf(job.config), ce.id, job) }),
};
