/**
 * How much memory a run will need, counted from the graphs that it will build: what is alive at once at its batch sizes, and the arrays
 * that hold whole sets. Measured against real runs the figures are within a factor of 1.5 (docs/decisions/0009).
 */
import {
  exposeTaps,
  Graph,
  graphMemory,
  type GraphMemory,
  memoryRows,
  type RowSource,
  type Tensor,
} from "oal-core";
import type { ImageSet } from "../data/imageSet.js";
import { importedNetwork, type ImportedNetwork } from "../nn/imported/index.js";
import { parametersUnder, type ParameterSpec, type ParameterStore } from "../nn/parameters.js";
import { diffusionGraphs, diffusionRows } from "../outliers/diffusion/graphs.js";
import { autoEncoderTask, denoiserTask } from "../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../outliers/samplers/schedule.js";
import { bytesBesides } from "../outliers/diffusion/parts.js";
import type { PromptedDiffusion } from "../outliers/stableDiffusion/open.js";
import { autoEncoderRows, passRows } from "../runtime/passRows.js";
import type { LoadedModel } from "../models/load.js";
import { classifierTask } from "../training/classifier.js";
import { cutViews, type CutViews } from "../training/cutViews.js";
import { type NetworkChoice, networkOf, networkPrefix } from "../training/network.js";
import { buildClassifier, type ClassifierModel } from "../training/model.js";
import { ce } from "../training/recipes/ce.js";
import { recipes } from "../training/recipes/index.js";
import { namesOf } from "../training/side/sideData.js";
import { exposureOptions } from "../training/methods/exposure.js";
import { planSource } from "../outliers/sources/plan.js";
import { planRecipe } from "./recipeNeeds.js";
import type { OptimizerOptions } from "../training/options.js";
import { buildTrainingStep } from "../training/step.js";
import type { TrainingTask } from "../training/task.js";
import type { Configuration } from "./configuration/schema.js";
import { latentShapeOf, needsOf, type Aim } from "./foresight.js";
import type { RunModels } from "./models.js";
import { isAligned } from "./stages/alignment.js";
import { finetuneSection, surelyFinetuned } from "./stages/finetunedTeacher.js";
import { finetunedNetwork, headOfZeros, initNetwork, teacherParts } from "./stages/initNetwork.js";
import { batchSizeOf, networkChoice, optimizerOptionsOf, type RecipeSection } from "./stages/context.js";

/** Node, the engine, the libraries and what a run has gathered by its end, in bytes (measured 200 to 400 MB). */
const processBytes = 350 * 2 ** 20;
/** What the engine takes for what is alive: scratch space and gaps between blocks (measured 1.14 to 1.44). */
const engineFactor = 1.4;
/** Bytes of a large denoiser's activations for each number of the latents that run at once (measured: 2.1 GB for two of Stable Diffusion 1). */
const activationsOfDenoiser = 64_000;
/** Memory of weights of 16 bits as a share of their file: the CPU widens them, and has both for a while (measured 3.4 with activations). */
const widenedHalves = 3;
/** Copies of inputs and constants: the array here, the engine's, and the outputs that replace the inputs. */
const heldFactor = 3;

const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** Sizes of the data that a run will have. */
export interface DataSizes {
  readonly classes: number;
  /** Training images, after the split. */
  readonly train: number;
  /** Images of all sets together. */
  readonly all: number;
}

/** Memory of one part of a run. */
export interface StageMemory {
  /** What the part does, as words in a sentence. */
  readonly what: string;
  /** Keys of the configuration that make it smaller. */
  readonly lower: string;
  readonly bytes: number;
}

/**
 * The memory of every part of a run, the largest first.
 *
 * @cost builds each graph once, about 0.1 s each
 */
export function estimateMemory(
  config: Configuration,
  aim: Aim,
  sizes: DataSizes,
  models: RunModels = {},
): StageMemory[] {
  const { size } = config.data;
  const choices = choicesOf(config, models, sizes.classes);
  const needs = needsOf(config, aim);
  const parts: StageMemory[] = [];
  const add = (what: string, lower: string, graphs: readonly GraphMemory[], arrays = 0): void => {
    const graphBytes = graphs.reduce(
      (sum, { live, held }) => sum + engineFactor * live + heldFactor * held,
      0,
    );
    parts.push({ what, lower: `${lower} or data.size`, bytes: processBytes + arrays + graphBytes });
  };
  const addClassifier = (name: "teacher" | "student", step: Step): void => {
    add(`training the ${name}`, `${name}.batchSize`, [step.memory]);
    const { width, predictor } = passOf(config, choices[name], step.specs);
    const outputs = 8 * sizes.all * (sizes.classes + width);
    add(`the ${name}'s outputs on all images`, "evaluation.batchSize", [predictor], outputs);
  };
  const ownTeacher = needs.teacher && models.teacher === undefined;
  const teacher = ownTeacher ? classifierStep(config, "teacher", ce.id, sizes, choices) : undefined;
  if (teacher) addClassifier("teacher", teacher);
  if (needs.teacher && models.teacher && surelyFinetuned(config, models.teacher))
    add("fine-tuning the teacher", "teacher.finetune.batchSize", [
      finetuneStep(config, models.teacher, sizes).memory,
    ]);
  if (needs.student) {
    const steps = largestRecipes(aim.methods).map((recipe) =>
      classifierStep(config, "student", recipe, sizes, choices, teacher),
    );
    const [largest] = steps.toSorted((a, b) => b.memory.live + b.memory.held - a.memory.live - a.memory.held);
    if (largest) addClassifier("student", largest);
  }
  if (!needs.outliers) return sorted(parts);
  if (!needs.ownDiffusion) {
    if (models.diffusion) parts.push(promptedMemory(config, models.diffusion, size));
    return sorted(parts);
  }
  const { autoEncoder, denoiser, synthesis } = config;
  const autoEncoderBatch = Math.min(autoEncoderRows(autoEncoder.batchSize, size), sizes.train);
  const images = imagesOf(sizes.train, size);
  const adam: OptimizerOptions = { id: "adam" };
  const encoding = stepOf(
    autoEncoderTask({ ...autoEncoder, images, batchSize: autoEncoderBatch, flip: false, seed: 0 }),
    adam,
  );
  add("training the auto-encoder", "autoEncoder.batchSize", [encoding.memory]);
  const dimension = widthOf(choices.teacher);
  const latentShape = [4, size / 4, size / 4] as const;
  const noRows = (width: number): RowSource => memoryRows(new Float32Array(), width);
  const denoising = stepOf(
    denoiserTask({
      ...denoiser,
      moments: { mean: noRows(1), logVariance: noRows(1) },
      latentShape,
      latentScale: 1,
      schedule: noiseSchedule(),
      embeddings: noRows(dimension),
      seed: 0,
    }),
    adam,
  );
  add("training the denoiser", "denoiser.batchSize", [denoising.memory]);
  const graphs = diffusionGraphs({
    autoEncoder: zerosOf(encoding.specs),
    denoiser: zerosOf(denoising.specs),
    autoEncoderOptions: autoEncoder,
    denoiserOptions: denoiser,
    imageSize: size,
    embeddingDimension: dimension,
  });
  const encoder = graphMemory(graphs.vaeEncoder);
  const rows = passRows(config.evaluation.batchSize, size) / diffusionRows(size);
  add("the latents of all training images", "evaluation.batchSize", [
    { ...encoder, live: rows * encoder.live },
  ]);
  const made = 2 * synthesis.count * (3 * size ** 2 + 4 * 4 * (size / 4) ** 2);
  const ofModel = Object.values(graphs).map(graphMemory);
  if (needs.pooled) add("making outliers", "synthesis.count", ofModel, made);
  const decoded = {
    teacher: teacherOf(choices, teacher),
    decoder: graphs.vaeDecoder,
    shape: [diffusionRows(size) >> 1, ...latentShape],
    known: Math.min(sizes.train, config.embeddings.perClass * sizes.classes),
  };
  for (const { id, made: making } of planSource(exposureOptions(config).outliers, config).sources) {
    if (!making) continue;
    const steering = making.outline(decoded, config);
    const graphsOfStep = [...ofModel, ...(steering ? [graphMemory(steering)] : [])];
    add(`making outliers (${id})`, "synthesis.count", graphsOfStep, made);
  }
  return sorted(parts);
}

/** The largest part of Stable Diffusion, and the latents and pictures that are made. */
function promptedMemory(
  { synthesis }: Configuration,
  { layout, table }: PromptedDiffusion,
  size: number,
): StageMemory {
  const share = table.isHalf ? widenedHalves : 1;
  const largest = Math.max(
    bytesBesides(layout.unet),
    bytesBesides(layout.vaeDecoder),
    // the text encoder is read, cut and prepared
    3 * bytesBesides(layout.condition.path),
  );
  const numbers = layout.latentShape.reduce((product, side) => product * side, 1);
  const made = synthesis.count * (2 * 4 * numbers + (synthesis.space === "pixel" ? 2 * 3 * size ** 2 : 0));
  const working = layout.rows.denoiser * numbers * activationsOfDenoiser + 4 * table.size * table.width;
  const bytes = processBytes + share * largest + made + working;
  return { what: "making outliers with synthesis.model", lower: "synthesis.size or synthesis.count", bytes };
}

interface Step {
  readonly memory: GraphMemory;
  readonly specs: readonly ParameterSpec[];
}

function sorted(parts: readonly StageMemory[]): StageMemory[] {
  return parts.toSorted((a, b) => b.bytes - a.bytes);
}

function stepOf(task: TrainingTask, optimizer: OptimizerOptions): Step {
  const schedule = { id: "constant", rate: 1 };
  const { graph, specs } = buildTrainingStep(task, {
    name: "estimate",
    seed: 0,
    steps: 1,
    optimizer,
    schedule,
  });
  return { memory: graphMemory(graph), specs };
}

/** Recipes that train, whose methods are not all in another one too. */
function largestRecipes(all: readonly string[]): readonly string[] {
  const ids = all.filter((id) => recipes.find(id).trains !== false);
  const methodsIn = (id: string): readonly string[] => recipes.find(id).methods.map(({ method }) => method);
  const isLess = (id: string, than: string): boolean =>
    methodsIn(than).length > methodsIn(id).length &&
    methodsIn(id).every((method) => methodsIn(than).includes(method));
  return ids.filter((id) => !ids.some((other) => isLess(id, other)));
}

/** The networks of a run. */
interface Choices {
  readonly teacher: NetworkChoice;
  readonly student: NetworkChoice;
  /** [channels, height, width] of a latent. */
  readonly latentShape: readonly [number, number, number];
  /** Length of an outlier embedding. */
  readonly outlierWidth: number;
}

function choicesOf(config: Configuration, models: RunModels, classes: number): Choices {
  const { init, teacher, diffusion } = models;
  const { size } = config.data;
  const read = (model: LoadedModel, imported: ImportedNetwork): NetworkChoice => ({
    id: imported.id,
    options: { classes, imageSize: model.preprocessing.crop },
    imported,
  });
  const teaches = teacher
    ? read(teacher, importedNetwork(teacherParts(teacher, headOfZeros(teacher, classes))))
    : networkChoice(config.teacher, classes, size);
  return {
    teacher: teaches,
    latentShape: latentShapeOf(config, models) ?? [4, size / 4, size / 4],
    outlierWidth:
      models.embeddings?.dimension ??
      (isAligned(config) && diffusion ? diffusion.table.width : widthOf(teaches)),
    student: init
      ? read(init, initNetwork(config, init, headOfZeros(init, classes)).network)
      : networkChoice(config.student, classes, size),
  };
}

/** Width of the teacher's features. */
export function teacherWidth(config: Configuration, models: RunModels, classes: number): number {
  return widthOf(choicesOf(config, models, classes).teacher);
}

/** Length of the embeddings that latents are made from. */
export function conditionWidth(config: Configuration, models: RunModels, classes: number): number {
  const { embeddings: _supplied, ...others } = models;
  return choicesOf(config, others, classes).outlierWidth;
}

function widthOf(choice: NetworkChoice): number {
  return networkOf(choice).featureDim(choice.options);
}

/** What stands in the batch for images at a network's cut. */
function viewsAt({ imported, options }: NetworkChoice): CutViews | undefined {
  if (!imported?.split) return undefined;
  const { imageSize } = options;
  const images = new Graph().input("images", { dtype: "float32", shape: [1, 3, imageSize, imageSize] });
  const [, ...shape] = imported.split.before(images).shape;
  return cutViews({ views: 1, shape, row: () => new Float32Array() });
}

/** A teacher of the right shapes. */
function teacherOf({ teacher: network }: Choices, trained: Step | undefined): ClassifierModel {
  const parameters = network.imported?.first ?? parametersUnder(zerosOf(trained?.specs ?? []), networkPrefix);
  return { network, parameters, normalisation };
}

/** The step of a teacher or a student. */
function classifierStep(
  config: Configuration,
  name: "teacher" | "student",
  recipe: string,
  { classes, train }: DataSizes,
  choices: Choices,
  teacher?: Step,
): Step {
  const { data } = config;
  const section: RecipeSection = config[name];
  const network = choices[name];
  const featureWidth = widthOf(choices.teacher);
  const views = name === "student" && config.init.views > 0 ? viewsAt(network) : undefined;
  const { methods, settings, sourceSettings, sources } = planRecipe(recipe, config, section);
  const batchSize = batchSizeOf(section, train);
  const augmentation = { flip: "none" } as const;
  const images = imagesOf(train, data.size);
  const shared = { seed: 0, batchSize, augmentation };
  const sizes = {
    featureWidth,
    latentShape: choices.latentShape,
    outlierWidth: choices.outlierWidth,
    teacher: teacherOf(choices, teacher),
  };
  const side = sources.flatMap(({ source, names }) => {
    const facts = { ...shared, steps: 1, classes, images, normalisation, settings: sourceSettings, names };
    return source.outline?.(facts, sizes) ?? [];
  });
  // methods that read what no source can outline are not counted
  const names = side.flatMap(namesOf);
  const counted = methods.filter(({ method }) =>
    method.needs(settings).every((need) => names.includes(need)),
  );
  const start = views ? { views } : {};
  const options = { ...shared, network, normalisation, settings, methods: counted, ...start };
  const task = classifierTask(options, images, side);
  return stepOf(task, optimizerOptionsOf(section));
}

/** The step of a teacher's fine-tuning. */
function finetuneStep(config: Configuration, model: LoadedModel, { classes, train }: DataSizes): Step {
  const section = finetuneSection(config);
  const { methods, settings } = planRecipe(ce.id, config, section);
  const { crop: imageSize } = model.preprocessing;
  const { network: imported } = finetunedNetwork(config, model, headOfZeros(model, classes));
  const network = { id: imported.id, options: { classes, imageSize }, imported };
  const batchSize = batchSizeOf(section, train);
  const augmentation = { flip: "none" } as const;
  const options = { seed: 0, batchSize, augmentation, network, normalisation, methods, settings };
  return stepOf(classifierTask(options, imagesOf(train, imageSize)), optimizerOptionsOf(section));
}

/** A trained classifier's pass over images, and the width of its features. */
function passOf(
  config: Configuration,
  network: NetworkChoice,
  specs: readonly ParameterSpec[],
): { predictor: GraphMemory; width: number } {
  const parameters = parametersUnder(zerosOf(specs), networkPrefix);
  const rows = passRows(config.evaluation.batchSize, network.options.imageSize);
  const predictor = graphMemory(
    exposeTaps(buildClassifier({ network, parameters, normalisation }, rows), ["logits", "features"]),
  );
  return { predictor, width: widthOf(network) };
}

/** Tensors of the right shapes, whose memory is never touched. */
function zerosOf(specs: readonly ParameterSpec[]): ParameterStore {
  return new Map(
    specs.map(({ name, shape }): [string, Tensor] => {
      const count = shape.reduce((product, side) => product * side, 1);
      return [name, { dtype: "float32", shape, data: new Float32Array(count) }];
    }),
  );
}

/** A set without pixels: only its sizes are read. */
function imagesOf(count: number, side: number): ImageSet {
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
