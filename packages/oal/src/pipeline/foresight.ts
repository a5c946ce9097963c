/**
 * What a configuration will come to in later stages, found before the first: the graphs of its networks are built, without weights, for
 * the size and widths it gives, and the rules of later stages are asked. No list of sizes that could fall behind the networks.
 */
import { gradients, Graph, isOalError, oalError, OalError, reduceSum, type TensorType } from "oal-core";
import { TrainingContext } from "../nn/context.js";
import type { ImportedNetwork } from "../nn/imported/index.js";
import { networks } from "../nn/networks/index.js";
import { checkBoundaryOptions } from "../outliers/boundary/options.js";
import { decode, encode } from "../outliers/diffusion/autoEncoder.js";
import { denoise, encodeCondition } from "../outliers/diffusion/denoiser.js";
import { planSource } from "../outliers/sources/plan.js";
import { isSynthesis } from "../outliers/sources/made.js";
import { poolingProblem } from "../outliers/pooling.js";
import { leadingTo } from "./plan/stages.js";
import { planRecipe } from "./recipeNeeds.js";
import { outliersSource } from "./sideSources/outliers.js";
import { recipes } from "../training/recipes/index.js";
import { targetsOf } from "./targets.js";
import { exposureOptions } from "../training/methods/exposure.js";
import { featureExposureMethod } from "../training/methods/featureExposure.js";
import { mutualInformationMethod } from "../training/methods/mutualInformation.js";
import type { LoadedModel } from "../models/load.js";
import type { Configuration } from "./configuration/schema.js";
import { finetuneOf, seesAsStudent, teacherModelOf, wantsBytes } from "./configuration/initSection.js";
import { presets } from "./configuration/presets.js";
import type { RunModels } from "./models.js";
import { networkChoice, type RecipeSection } from "./stages/context.js";
import { surelyFinetuned } from "./stages/finetunedTeacher.js";
import { headProblem, newHead } from "./stages/importedHead.js";
import { finetunedNetwork, headOfZeros, initNetwork, type InitNetwork } from "./stages/initNetwork.js";

/** What of a run is to be made. */
export interface Aim {
  /** Recipes of the students. */
  readonly methods: readonly string[];
  /** The last stage. */
  readonly until: string;
}

/** Which models a run trains. */
export interface Needs {
  readonly teacher: boolean;
  /** Outlier embeddings. */
  readonly boundary: boolean;
  /** Outlier pictures or latents. */
  readonly outliers: boolean;
  /** Those latents that are pooled for the terms of mutual information. */
  readonly pooled: boolean;
  /** A diffusion model of ours. */
  readonly ownDiffusion: boolean;
  /** That of someone else. */
  readonly diffusion: boolean;
  readonly student: boolean;
}

/** The models that lead to an aim. */
export function needsOf(config: Configuration, { methods, until }: Aim): Needs {
  const aimed = { ...config, methods: [...methods] };
  const reached = leadingTo(aimed, targetsOf(until, aimed));
  return {
    teacher: reached.includes("teacher"),
    boundary: reached.includes("boundary"),
    outliers: reached.some(isSynthesis),
    pooled: reached.includes("latents"),
    ownDiffusion: reached.includes("diffusion"),
    diffusion:
      config.synthesis.model !== undefined &&
      reached.some((name) => name === "alignment" || isSynthesis(name)),
    student: reached.some((name) => name.startsWith("student:")),
  };
}

/**
 * Everything in a configuration that a later stage would refuse.
 *
 * @param classes  number of known classes, at least 2
 * @param models  models that were loaded
 * @param classNames  of the known classes, where they could be looked at
 * @returns errors OAL-C202 and others naming keys
 */
export function configurationProblems(
  config: Configuration,
  aim: Aim,
  classes: number,
  models: RunModels = {},
  classNames?: readonly string[],
): OalError[] {
  const problems: OalError[] = [];
  const refuse = (at: string, problem: string): void =>
    void problems.push(oalError("OAL-C202", { where: "configuration", at, problem }));
  const { data, boundary } = config;
  const { latentPooling } = mutualInformationMethod.options(config);
  const needs = needsOf(config, aim);
  const idle = aim.methods.find((recipe) => recipes.find(recipe).trains === false);
  if (needs.student && config.init.model === undefined) {
    const give = "give one with --init MODEL (an ONNX file)";
    if (presets.get(config.preset)?.needs === "init.model")
      refuse("init.model", `the preset ${config.preset} starts from a pretrained model: ${give}`);
    else if (idle !== undefined && config.warmStart.epochs === 0)
      refuse("methods", `recipe ${idle} trains nothing, so there must be a model that it is: ${give}`);
  }
  if (
    needs.teacher &&
    teacherModelOf(config) === undefined &&
    presets.get(config.preset)?.needs === "teacher.model"
  )
    refuse(
      "teacher.model",
      `the preset ${config.preset} is taught by a vision transformer that was trained elsewhere: give one with --teacher MODEL (a model of the hub, oal models pull, or an ONNX file)`,
    );
  for (const section of ["teacher", "student"] as const) {
    if (!needs[section]) continue;
    const isRead = section === "student" ? config.init.model : teacherModelOf(config);
    const problem = isRead === undefined ? networkProblem(config[section], classes, data.size) : undefined;
    if (problem !== undefined) refuse(section, problem);
    const { padding, paddingMode } = config[section].augmentation;
    if (paddingMode === "reflect" && padding >= data.size) {
      const wanted = `a mirrored border must be narrower than the images, ${data.size} pixels`;
      refuse(`${section}.augmentation.padding`, `${wanted}; found ${padding}`);
    }
  }
  if (
    needs.teacher &&
    models.teacher &&
    seesAsStudent(config) &&
    models.teacher.preprocessing.crop !== data.size
  )
    problems.push(oalError("OAL-T141", { teacher: models.teacher.preprocessing.crop, student: data.size }));
  if (models.init) {
    const problem = classNames && headProblem(models.init, classNames);
    problems.push(...(problem ? [problem] : initProblems(config, models.init, classes)));
  }
  if (needs.teacher && models.teacher) {
    const finetuned = surelyFinetuned(config, models.teacher, classNames);
    const isNew = finetuned && finetuneOf(config).head === "new";
    const problem = classNames && !isNew ? headProblem(models.teacher, classNames) : undefined;
    if (problem) problems.push(problem);
    else if (finetuned) problems.push(...finetuneProblems(config, models.teacher, classes));
  }
  const showsFeatures = aim.methods.some((recipe) =>
    recipes.find(recipe).methods.some(({ method }) => method === featureExposureMethod.id),
  );
  if (needs.student && showsFeatures && (!models.init || models.init.hash !== models.teacher?.hash))
    refuse(
      "teacher.model",
      "recipe fx makes outliers of the teacher's features for the student's last layer, so both must be one model: give --init and --teacher the same",
    );
  try {
    if (needs.boundary) checkBoundaryOptions(boundary);
  } catch (error) {
    if (!(error instanceof OalError)) throw error;
    problems.push(error);
  }
  if (needs.teacher && wantsBytes(config) && looksInSteps(config, aim))
    refuse(
      "teacher.precision",
      "int8 holds for outputs that are computed once, not in every step: kd.teacherView: clean",
    );
  if (!needs.outliers) return problems;
  const diffusion = needs.ownDiffusion ? diffusionProblem(config) : undefined;
  if (diffusion !== undefined) refuse("data.size", diffusion);
  const shape = latentShapeOf(config, models);
  const shown = aim.methods.find((recipe) => showsLatents(config, recipe));
  const { space, latents } = config.synthesis;
  if (needs.student && latents !== undefined && shown !== undefined)
    refuse(
      "synthesis.latents",
      `recipe ${shown} shows students decoded outliers, and latents of a file are not decoded: set the weights of exposure to 0`,
    );
  else if (needs.student && space === "latent" && shown !== undefined)
    refuse(
      "synthesis.space",
      `recipe ${shown} shows students decoded outliers, and latent space decodes none: give pixel`,
    );
  const pooling = shape && needs.pooled ? poolingProblem(shape, latentPooling) : undefined;
  if (pooling !== undefined)
    refuse(
      "mi.latentPooling",
      needs.diffusion
        ? `${pooling}; take another synthesis.size, or mi.latentPooling channel-row-mean`
        : latents !== undefined
          ? `${pooling}; take mi.latentPooling channel-row-mean`
          : `${pooling} at data.size ${data.size}; ${poolableSizes(config)}`,
    );
  return problems;
}

/** Shape of the latents of a run; undefined where its model could not be opened. */
export function latentShapeOf(
  { data, synthesis }: Configuration,
  { diffusion, latents }: RunModels,
): readonly [number, number, number] | undefined {
  if (synthesis.latents !== undefined) return latents?.shape;
  if (synthesis.model !== undefined) return diffusion?.layout.latentShape;
  return [4, data.size / 4, data.size / 4];
}

/** Sizes near the configured one that the pooling can use. */
function poolableSizes(config: Configuration): string {
  const { data } = config;
  const { latentPooling } = mutualInformationMethod.options(config);
  const usable = (size: number): boolean =>
    size >= 16 && size <= 224 && poolingProblem([4, size / 4, size / 4], latentPooling) === undefined;
  const near = [8, 16, 24].flatMap((step) => [data.size - step, data.size + step]).filter(usable);
  const sizes = near
    .slice(0, 2)
    .sort((a, b) => a - b)
    .join(" or ");
  return `take data.size ${sizes}, or mi.latentPooling channel-row-mean`;
}

/** Whether students of a recipe see decoded latents. */
function showsLatents(config: Configuration, recipe: string): boolean {
  const { outliers } = exposureOptions(config);
  return (
    planSource(outliers, config).stages.includes("latents") &&
    planRecipe(recipe, config).sources.some(({ source }) => source.id === outliersSource.id)
  );
}

/** Whether students of some recipe ask the teacher in every step. */
function looksInSteps(config: Configuration, { methods }: Aim): boolean {
  return methods.some((recipe) =>
    planRecipe(recipe, config).sources.some(({ stages }) => stages.includes("teacher")),
  );
}

/** What of a model cannot be trained as section `init` asks. */
function initProblems(config: Configuration, model: LoadedModel, classes: number): OalError[] {
  return untrainable(model, "init.frozen", () => initNetwork(config, model, headOfZeros(model, classes)));
}

/** What a model that is to be trained before it teaches will be refused for. */
function finetuneProblems(config: Configuration, model: LoadedModel, classes: number): OalError[] {
  const make = (): InitNetwork => {
    const head = headOfZeros(model, classes);
    if (head === null && finetuneOf(config).head === "new") newHead(model, classes, config.seed);
    return finetunedNetwork(config, model, head);
  };
  return untrainable(model, "teacher.finetune.frozen", make);
}

/**
 * Why a model cannot be trained; nothing where it can.
 *
 * @param key the setting that freezes a part of it
 */
function untrainable(model: LoadedModel, key: string, make: () => InitNetwork): OalError[] {
  try {
    refuseUntrainable(make().network, model.preprocessing.crop, key);
    return [];
  } catch (error) {
    if (!(error instanceof OalError) || !/^OAL-[CTG]/.test(error.code)) throw error;
    return [error];
  }
}

/** Builds a step as far as its gradients. @throws OAL-T131 naming an operator without one, OAL-G101 for a node that does not fit */
function refuseUntrainable(network: ImportedNetwork, size: number, key: string): void {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const options = { classes: 2, imageSize: size };
  const { logits } = network.build(context, graph.input("images", float([2, 3, size, size])), options);
  const trained = context.specs
    .filter(({ kind }) => kind === "parameter")
    .map(({ name }) => context.values(name));
  try {
    gradients(reduceSum(logits, [0, 1]), trained);
  } catch (error) {
    if (!isOalError(error, "OAL-G103")) throw error;
    const { operator, path } = error.details;
    const problem = `no gradient passes ${operator}${path === "" ? "" : ` at ${path}`}; freeze the model up to behind it (${key})`;
    throw oalError("OAL-T131", { model: network.id, problem }, error);
  }
}

function networkProblem(section: RecipeSection, classes: number, size: number): string | undefined {
  const problem = problemOf(() => {
    const graph = new Graph();
    const images = graph.input("images", float([2, 3, size, size]));
    const { id, options } = networkChoice(section, classes, size);
    networks.find(id).build(new TrainingContext(graph, "network"), images, options);
  });
  return (
    problem && `network ${section.network} cannot be built for images of ${size} pixels a side: ${problem}`
  );
}

function diffusionProblem({ data, autoEncoder, denoiser, teacher }: Configuration): string | undefined {
  const { size } = data;
  const problem = problemOf(() => {
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const { mean } = encode(context, graph.input("images", float([2, 3, size, size])), autoEncoder);
    decode(context, mean, autoEncoder);
    const { options } = networkChoice(teacher, 2, size);
    const dimension = networks.find(teacher.network).featureDim(options);
    const embedding = graph.input("embedding", float([2, dimension]));
    const states = encodeCondition(context, embedding, graph.input("drop", float([2])));
    denoise(context, mean, graph.input("time", float([2])), states, denoiser);
  });
  return problem && `auto-encoder and denoiser cannot be built for ${size}: ${problem}`;
}

function float(shape: readonly number[]): TensorType {
  return { dtype: "float32", shape };
}

/** Why a graph cannot be built; undefined when it can. */
function problemOf(build: () => void): string | undefined {
  try {
    build();
    return undefined;
  } catch (error) {
    if (error instanceof OalError && error.code.startsWith("OAL-G")) return error.message;
    throw error;
  }
}
