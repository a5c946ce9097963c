/** Stages "student:RECIPE": the same network, data order and budget, different loss terms. */
import { planRecipe } from "../recipeNeeds.js";
import type { Stage } from "../plan/stage.js";
import { classifierSlice, trainSection, trainingEffort } from "./classifierTraining.js";

/** A student per recipe: classifier artifacts. */
export const studentStage: Stage = {
  id: "student",
  version: 3,
  title: "a classifier trained by a recipe",
  seeds: "students",
  variants: ({ methods }) => methods,
  slice: ({ config, data }, recipe) => classifierSlice(config.student, planRecipe(recipe, config), data),
  inputs: (config, recipe) =>
    Object.fromEntries(planRecipe(recipe, config).stages.map((stage) => [stage, stage])),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config, data }, recipe) =>
    trainingEffort(config.student, data, planRecipe(recipe, config).settings),
  async run(job) {
    const { config, variant } = job;
    return { metrics: await trainSection(`student ${variant}`, config.student, variant, job) };
  },
};
