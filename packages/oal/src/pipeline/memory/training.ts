/** The graphs that a training has prepared at the same time, and their memory: nothing is computed, and no picture is there. */
import { exposeTaps, graphMemory, useBlockedLayout, type GraphMemory } from "oal-core";
import { restOf } from "../../data/batches.js";
import type { ImageSet } from "../../data/imageSet.js";
import type { LoadedModel } from "../../models/load.js";
import { parametersUnder, type ParameterSpec } from "../../nn/parameters.js";
import { passRows } from "../../runtime/passRows.js";
import { classifierTask } from "../../training/classifier.js";
import { buildClassifier } from "../../training/model.js";
import { networkPrefix, type NetworkChoice } from "../../training/network.js";
import type { TrainingOptions } from "../../training/options.js";
import { ce } from "../../training/recipes/ce.js";
import { recipes } from "../../training/recipes/index.js";
import { namesOf } from "../../training/side/sideData.js";
import { buildTrainingStep } from "../../training/step.js";
import type { TrainingTask } from "../../training/task.js";
import type { Configuration } from "../configuration/schema.js";
import { planRecipe } from "../recipeNeeds.js";
import { batchSizeOf, optimizerOptionsOf, type RecipeSection } from "../stages/context.js";
import { finetuneSection } from "../stages/finetunedTeacher.js";
import { finetunedNetwork, headOfZeros } from "../stages/initNetwork.js";
import { normalisation, teacherOf, viewsAt, widthOf, zerosOf, type Choices } from "./networks.js";
import type { CountedGraph, DataSizes } from "./part.js";

/** What of the options decides which tensors a step carries. */
type Updates = Pick<TrainingOptions, "optimizer" | "ema" | "clipNorm">;

/** A training. */
export interface Training {
  /** Memory of the graphs that are prepared at the same time. */
  readonly graphs: readonly CountedGraph[];
  /** Bytes that it holds beside them. */
  readonly arrays: number;
  readonly specs: readonly ParameterSpec[];
}

/** A step. */
export function stepOf(task: TrainingTask, updates: Updates): Training {
  const schedule = { id: "constant", rate: 1 };
  const { graph, specs } = buildTrainingStep(task, {
    name: "estimate",
    seed: 0,
    steps: 1,
    schedule,
    ...updates,
  });
  const inBlocks = (block: number): GraphMemory => graphMemory(useBlockedLayout(graph, block));
  return { graphs: [{ ...graphMemory(graph), inBlocks }], arrays: 0, specs };
}

/** Recipes that train, whose methods are not all in another one too. */
export function largestRecipes(all: readonly string[]): readonly string[] {
  const ids = all.filter((id) => recipes.find(id).trains !== false);
  const methodsIn = (id: string): readonly string[] => recipes.find(id).methods.map(({ method }) => method);
  const isLess = (id: string, than: string): boolean =>
    methodsIn(than).length > methodsIn(id).length &&
    methodsIn(id).every((method) => methodsIn(than).includes(method));
  return ids.filter((id) => !ids.some((other) => isLess(id, other)));
}

/** The training of a teacher or a student. */
export function classifierTraining(
  config: Configuration,
  name: "teacher" | "student",
  recipe: string,
  { classes, train }: DataSizes,
  choices: Choices,
  teacher?: Training,
): Training {
  const section: RecipeSection = config[name];
  const network = choices[name];
  const views = name === "student" && config.init.views > 0 ? viewsAt(network) : undefined;
  const { methods, settings, sourceSettings, sources } = planRecipe(recipe, config, section);
  const augmentation = { flip: "none" } as const;
  const images = imagesOf(train, config.data.size);
  const sizes = {
    featureWidth: widthOf(choices.teacher),
    latentShape: choices.latentShape,
    outlierWidth: choices.outlierWidth,
    teacher: teacherOf(choices, teacher?.specs),
  };
  const taskOf = (batchSize: number): TrainingTask => {
    const shared = { seed: 0, batchSize, augmentation };
    const side = sources.flatMap(({ source, names }) => {
      const wholeBatch = batchSizeOf(section, train);
      const drawn = { ...shared, wholeBatch, steps: 1, classes, images, normalisation };
      const facts = { ...drawn, settings: sourceSettings, names };
      return source.outline?.(facts, sizes) ?? [];
    });
    // methods that read what no source can outline are not counted
    const names = side.flatMap(namesOf);
    const counted = methods.filter(({ method }) =>
      method.needs(settings).every((need) => names.includes(need)),
    );
    const start = views ? { views } : {};
    return classifierTask(
      { ...shared, network, normalisation, settings, methods: counted, ...start },
      images,
      side,
    );
  };
  return trainingOf(config, section, network, train, taskOf);
}

/** The fine-tuning of a teacher. */
export function finetuning(
  config: Configuration,
  model: LoadedModel,
  { classes, train }: DataSizes,
): Training {
  const section = finetuneSection(config);
  const { methods, settings } = planRecipe(ce.id, config, section);
  const { crop: imageSize } = model.preprocessing;
  const { network: imported } = finetunedNetwork(config, model, headOfZeros(model, classes));
  const network = { id: imported.id, options: { classes, imageSize }, imported };
  const augmentation = { flip: "none" } as const;
  const images = imagesOf(train, imageSize);
  const taskOf = (batchSize: number): TrainingTask =>
    classifierTask({ seed: 0, batchSize, augmentation, network, normalisation, methods, settings }, images);
  return trainingOf(config, section, network, train, taskOf);
}

/** All of a section's training: a second step of the images that fill no batch, and what chooses among its epochs. */
function trainingOf(
  config: Configuration,
  section: RecipeSection,
  network: NetworkChoice,
  images: number,
  taskOf: (batchSize: number) => TrainingTask,
): Training {
  const batchSize = batchSizeOf(section, images);
  const left = restOf(images, batchSize, section.rest);
  const { clipNorm, ema } = section;
  const updates: Updates = {
    optimizer: optimizerOptionsOf(section),
    ...(clipNorm > 0 ? { clipNorm } : {}),
    ...(ema > 0 ? { ema } : {}),
  };
  const [whole, ...rest] = [batchSize, ...(left > 0 ? [left] : [])].map((rows) =>
    stepOf(taskOf(rows), updates),
  );
  const specs = whole?.specs ?? [];
  const steps = [whole, ...rest].flatMap((step) => step?.graphs ?? []);
  if (section.keep !== "best") return { graphs: steps, arrays: 0, specs };
  const weights = specs.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  return { graphs: [...steps, passOf(config, network, specs)], arrays: weights, specs };
}

/** A trained classifier's pass over images. */
export function passOf(
  config: Configuration,
  network: NetworkChoice,
  specs: readonly ParameterSpec[],
): GraphMemory {
  const trained = parametersUnder(zerosOf(specs), networkPrefix);
  const parameters = new Map([...(network.imported?.first ?? []), ...trained]);
  const rows = passRows(config.evaluation.batchSize, network.options.imageSize);
  return graphMemory(
    exposeTaps(buildClassifier({ network, parameters, normalisation }, rows), ["logits", "features"]),
  );
}

/** A set without pixels: only its sizes are read. */
export function imagesOf(count: number, side: number): ImageSet {
  const labels = new Int32Array();
  return {
    name: "estimate",
    count,
    height: side,
    width: side,
    channels: 3,
    labels,
    ids: [],
    classNames: [],
    contentHash: "",
    read: () => new Uint8Array(),
    close: () => undefined,
  };
}
