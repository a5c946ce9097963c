/** What the teacher stage and the student stages share: run one classifier job in the worker, report, save. */
import { join } from "node:path";
import { accuracy } from "oal-core";
import { stepsPerEpoch } from "../../data/batches.js";
import type { ImageSet } from "../../data/imageSet.js";
import { predictedClasses } from "../../evaluation/predictedClasses.js";
import type { LoadedModel } from "../../models/load.js";
import { readSafetensors } from "../../nn/safetensors.js";
import { finishedHeads, type NetworkChoice } from "../../training/network.js";
import { Predictor } from "../../training/predict.js";
import type { Effort, StageJob } from "../plan/stage.js";
import { planRecipe, type RecipePlan } from "../recipeNeeds.js";
import { outliersSource } from "../sideSources/outliers.js";
import type { ClassifierJob, ImportedStart } from "../trainingJob.js";
import { runTrainingJob } from "../trainingEvents.js";
import { loadClassifier, saveClassifier } from "./classifierArtifact.js";
import {
  augmentationOf,
  batchSizeOf,
  networkChoice,
  trainingOptionsOf,
  type RecipeSection,
  type StageContext,
} from "./context.js";
import type { PreparedData } from "./data.js";
import { modelOperations, passOperations, stepPasses } from "./operations.js";
import { startOf } from "./start.js";
import { teacherAccuracy, teacherWarning } from "./teacherQuality.js";
import { warmTensors } from "./warmTensors.js";
import { tellTeacherCost } from "./teacherCost.js";

/** Classes of a network whose operations are counted; its last layer hardly matters. */
const countedClasses = 10;

/** The part of an artifact's key that teacher and students share. */
export function classifierSlice(
  section: RecipeSection,
  { methods, sourceSettings, sources }: RecipePlan,
  data: PreparedData,
): Record<string, unknown> {
  return {
    recipe: section,
    methods: methods.map(({ method, weight }) => [method.id, weight, ...method.parts(sourceSettings)]),
    sources: sources.map(({ source }) => source.id),
    settings: sourceSettings,
    classes: data.classNames.length,
    normalisation: data.normalisation,
    // The step of a rest once showed outliers of another epoch.
    ...(section.rest === "train" && sources.some(({ source }) => source === outliersSource)
      ? { outliersOfRest: 2 }
      : {}),
  };
}

/**
 * The steps of a section's training, and what decides the time of one.
 *
 * @param network what stands for the network; default: that of the section
 * @param operations of one picture in a step, counted when asked for; null: unknown. Default: those of the section's network
 */
export function trainingEffort(
  section: RecipeSection,
  { train }: PreparedData,
  terms: unknown,
  network: unknown = networkChoice(section, 0, train.set.height),
  operations: (() => number) | null = () => trainedOperations(section, train.set.height),
): Effort {
  const { batchSize, epochs } = section;
  const rows = batchSizeOf(section, train.set.count);
  const steps = epochs * stepsPerEpoch(train.set.count, rows, section.rest);
  const like = { network, batchSize };
  const arithmetic = operations && { work: "step" as const, operations: () => rows * operations() };
  return {
    unit: { ...like, terms },
    like,
    amount: Math.max(1, steps),
    ...(arithmetic ? { arithmetic } : {}),
  };
}

/** Floating-point operations of one picture in a training step of a section's network. */
export function trainedOperations(section: RecipeSection, imageSize: number): number {
  return stepPasses * passOperations(networkChoice(section, countedClasses, imageSize));
}

/** So many images through a section's network, or through a model. */
export function predictionEffort(
  section: RecipeSection,
  { train }: PreparedData,
  images: number,
  model?: LoadedModel,
): Effort {
  const { height } = train.set;
  const operations = (): number =>
    model ? modelOperations(model) : passOperations(networkChoice(section, countedClasses, height));
  return {
    unit: model?.hash ?? networkChoice(section, 0, height),
    amount: images,
    arithmetic: { work: "pass", operations },
  };
}

/** What a training starts from. */
export interface TrainingStart {
  readonly start?: ImportedStart | undefined;
  readonly warm?: string | undefined;
  /** The pictures as the network takes them; absent: those of the run. */
  readonly pictures?: Pick<PreparedData, "train" | "validation" | "normalisation">;
}

/**
 * Trains a section's network inside a stage's folder, measures it on ID validation images and saves it.
 *
 * @param name  what progress and messages call the training
 * @param recipe  id of the recipe
 * @param from.start  what the network is read from, where it is not one of the registered ones
 * @param from.pictures  what it is trained and measured on, where that is not the run's own
 * @param from.warm  folder of a classifier whose weights it starts from; absent: random weights
 * @returns figures for artifact.json
 */
export async function trainSection(
  name: string,
  section: RecipeSection,
  recipe: string,
  stage: StageJob,
  { start, warm, pictures }: TrainingStart = {},
): Promise<Record<string, number>> {
  const { data, folder, checkpoints, events } = stage;
  const { train, validation, normalisation } = pictures ?? data;
  const plan = planRecipe(recipe, stage.config, section);
  const network = start
    ? (await loadClassifier(start.init)).network
    : networkChoice(section, data.classNames.length, train.set.height);
  const { imported: _read, ...plainNetwork } = network;
  const initial = start ? undefined : await initialOf(stage, network, warm);
  const heads = finishedHeads(
    plan.methods.map(({ method }) => method),
    plan.settings,
  );
  const job: ClassifierJob = {
    kind: "classifier",
    training: {
      ...trainingOptionsOf(name, section, train.set.count, stage, checkpoints),
      groupRates: Object.assign({}, ...plan.methods.map(({ method }) => method.rates(plan.settings))),
    },
    images: train.folder,
    network: plainNetwork,
    batchSize: batchSizeOf(section, train.set.count),
    rest: section.rest,
    normalisation,
    augmentation: augmentationOf(section),
    recipe,
    settings: plan.settings,
    sourceSettings: plan.sourceSettings,
    side: plan.sources.map(({ source, names, stages }) => ({
      source: source.id,
      names,
      folders: Object.fromEntries(stages.map((name) => [name, stage.input(name).folder])),
    })),
    ...(initial === undefined ? {} : { initial }),
    ...(start ? { start } : {}),
    ...(section.keep === "best"
      ? {
          selection: {
            images: validation.folder,
            every: stepsPerEpoch(train.set.count, batchSizeOf(section, train.set.count), section.rest),
            batchSize: stage.config.evaluation.batchSize,
            heads,
          },
        }
      : {}),
    result: join(checkpoints, "result.safetensors"),
  };
  tellTeacherCost(stage, job.training.steps * job.batchSize);
  const started = Date.now();
  await runTrainingJob(job, stage);
  const trainSeconds = (Date.now() - started) / 1000;
  const { tensors, metadata } = await readSafetensors(job.result);
  const finished = heads.length === 0 ? network : { ...network, heads };
  const { classNames } = data;
  await saveClassifier(folder, tensors, { network: finished, normalisation, classNames }, start?.init);
  const measured = await accuracyOn(folder, validation.set, stage);
  if (measured.isConstant)
    events.warning(
      `${name} gives every validation image the same class: its training diverged; a lower learningRate, smaller weights of its loss terms or clipNorm may help`,
    );
  const copying = plan.methods.flatMap(({ method }) => method.distils?.(plan.settings) ?? []);
  const taught = copying.length === 0 ? undefined : await teacherAccuracy(stage, plan.stages);
  const warning =
    taught === undefined ? null : teacherWarning(taught, measured.accuracy, validation.set.count, copying);
  if (warning !== null) events.warning(warning);
  const { steps } = job.training;
  return { validationAccuracy: measured.accuracy, trainSeconds, steps, ...keptOf(job, metadata, stage) };
}

/** Which epoch was kept, told and as figures; none where the last weights were. */
function keptOf(
  { selection, training }: ClassifierJob,
  metadata: Readonly<Record<string, string>>,
  { data, events }: StageJob,
): Record<string, number> {
  if (!selection) return {};
  const [step, score, last] = ["step", "score", "lastScore"].map((name) => Number(metadata[name]));
  const { count } = data.validation.set;
  const epoch = (at: number): string => (at / selection.every).toFixed(at % selection.every === 0 ? 0 : 1);
  events.message(
    `the weights behind epoch ${epoch(step ?? 0)} of ${epoch(training.steps)} are kept: ${score} of ${count} validation images right, ${last} behind the last`,
  );
  return { keptStep: step ?? Number.NaN, lastValidationAccuracy: (last ?? Number.NaN) / count };
}

/** The tensors that replace freshly drawn ones: those of a warm start, or what the network measures on pictures. */
function initialOf(
  { checkpoints, data: { train, normalisation } }: StageJob,
  network: NetworkChoice,
  warm: string | undefined,
): Promise<string | undefined> {
  return warm === undefined
    ? startOf(checkpoints, network, train.set, normalisation)
    : warmTensors(warm, checkpoints);
}

/** An artifact's classifier on a set: accuracy, 0 to 1, and whether it gives one answer to all images. */
export async function accuracyOn(
  folder: string,
  set: ImageSet,
  context: StageContext,
): Promise<{ accuracy: number; isConstant: boolean }> {
  const predictor = await Predictor.create(context.engine, await loadClassifier(folder), {
    batchSize: context.config.evaluation.batchSize,
  });
  try {
    const predicted = await predictedClasses(predictor, set, () => context.signal.throwIfAborted());
    const isConstant = predicted.every((label) => label === predicted[0]);
    return { accuracy: accuracy(predicted, set.labels), isConstant };
  } finally {
    await predictor.release();
  }
}
