/** Stages "student:RECIPE": the same network, data order and budget, different loss terms. */
import type { Configuration } from "../configuration/schema.js";
import type { RunModels } from "../models.js";
import { restProblem } from "../drawnOutliers.js";
import { planRecipe } from "../recipeNeeds.js";
import { withPrefix } from "../../nn/parameters.js";
import { networkPrefix } from "../../training/network.js";
import { auditStageOf } from "../../outliers/sources/plan.js";
import { recipes } from "../../training/recipes/index.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { loadClassifier, saveClassifier } from "./classifierArtifact.js";
import { classifierSlice, trainedOperations, trainSection, trainingEffort } from "./classifierTraining.js";
import { refuseFailedAudits } from "./outlierAudit.js";
import { modelOperations, stepPasses } from "./operations.js";
import { frozenStage } from "./frozen.js";
import { initStage } from "./init.js";
import { warmStartStage } from "./warmStart.js";

/** What a student starts from, where that is a model: itself, and what its frozen part says of the pictures; or a warm start. */
function startsFrom(config: Configuration, recipe: string): Readonly<Record<string, string>> {
  const stages = trains(recipe) ? [initStage, frozenStage, warmStartStage] : [initStage, warmStartStage];
  return Object.fromEntries(
    stages.filter((stage) => stage.variants(config).length > 0).map(({ id }) => [id, id]),
  );
}

/** Whether a recipe changes what a student starts from. */
function trains(recipe: string): boolean {
  return recipes.find(recipe).trains !== false;
}

/** A student per recipe: classifier artifacts. */
export const studentStage: Stage = {
  id: "student",
  version: 4,
  title: "a classifier trained by a recipe",
  seeds: "students",
  variants: ({ methods }) => methods,
  slice: ({ config, data }, recipe) => {
    if (!trains(recipe)) return {};
    // found by the look ahead, unless some pictures cannot be decoded
    const problem = restProblem(config, recipe, data.train.set.count);
    if (problem) throw problem;
    return classifierSlice(config.student, planRecipe(recipe, config), data);
  },
  inputs: (config, recipe) => ({
    ...startsFrom(config, recipe),
    ...Object.fromEntries(planRecipe(recipe, config).stages.map((stage) => [stage, stage])),
  }),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config, data, models }, recipe) => {
    if (!trains(recipe)) return { unit: recipe, amount: 1 };
    const { settings, stages } = planRecipe(recipe, config);
    const { frozen, views } = config.init;
    const start = models.init && { model: models.init.hash, frozen, views };
    const { height } = data.train.set;
    // a recipe that reads the teacher itself asks it in every step
    const asks = stages.includes("teacher");
    const operations = (): number =>
      trainedOperations(config.student, height) + (asks ? teacherOperations(config, models, height) : 0);
    return trainingEffort(config.student, data, settings, start, start ? null : operations);
  },
  async refuse(job) {
    const { stages } = planRecipe(job.variant, job.config);
    await refuseFailedAudits(
      job,
      stages.filter((name) => name.startsWith(auditStageOf(""))),
    );
  },
  async run(job) {
    const { config, variant } = job;
    if (!trains(variant)) return { metrics: await copyStart(job) };
    const [init, frozen] = [initStage, frozenStage].map(({ id }) => job.optionalInput(id)?.folder);
    const start = init === undefined ? undefined : { init, ...(frozen === undefined ? {} : { frozen }) };
    const warm = job.optionalInput(warmStartStage.id)?.folder;
    return {
      metrics: await trainSection(`student ${variant}`, config.student, variant, job, { start, warm }),
    };
  },
};

/** Floating-point operations of the teacher on one picture. */
function teacherOperations(config: Configuration, { teacher }: RunModels, size: number): number {
  return teacher ? modelOperations(teacher) : trainedOperations(config.teacher, size) / stepPasses;
}

/** The start itself as a student. */
async function copyStart({ input, optionalInput, folder }: StageJob): Promise<Record<string, number>> {
  const init = optionalInput(initStage.id) ?? input(warmStartStage.id);
  const { parameters, ...model } = await loadClassifier(init.folder);
  const importedFrom = model.network.imported ? init.folder : undefined;
  await saveClassifier(folder, withPrefix(parameters, networkPrefix), model, importedFrom);
  return { validationAccuracy: init.manifest.metrics["validationAccuracy"] ?? Number.NaN };
}
