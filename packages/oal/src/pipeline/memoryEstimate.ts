/**
 * How much memory a run will need, counted from the graphs that it will build: what is alive at once at its batch sizes, and the arrays
 * that hold whole sets. Measured against real runs the figures are within a factor of 1.5 (docs/decisions/0009).
 */
import { exposeTaps, graphMemory, type GraphMemory, type Tensor } from "oal-core";
import type { ImageSet } from "../data/imageSet.js";
import { networks } from "../nn/networks/index.js";
import { parametersUnder, type ParameterSpec, type ParameterStore } from "../nn/parameters.js";
import { diffusionGraphs, diffusionRows } from "../outliers/diffusion/graphs.js";
import { autoEncoderTask, denoiserTask } from "../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../outliers/samplers/schedule.js";
import { autoEncoderRows, passRows } from "../runtime/passRows.js";
import { classifierTask } from "../training/classifier.js";
import { networkPrefix } from "../training/loss.js";
import { buildClassifier } from "../training/model.js";
import { ce } from "../training/recipes/ce.js";
import { recipes } from "../training/recipes/index.js";
import { namesOf } from "../training/side/sideData.js";
import { planRecipe } from "./recipeNeeds.js";
import type { OptimizerOptions } from "../training/options.js";
import { buildTrainingStep } from "../training/step.js";
import type { TrainingTask } from "../training/task.js";
import type { Configuration } from "./configuration/schema.js";
import { needsOf, type Aim } from "./foresight.js";
import { batchSizeOf, networkChoice, optimizerOptionsOf, type RecipeSection } from "./stages/context.js";

/** Node, the engine, the libraries and what a run has gathered by its end, in bytes (measured 200 to 400 MB). */
const processBytes = 350 * 2 ** 20;
/** What the engine takes for what is alive: scratch space and gaps between blocks (measured 1.14 to 1.44). */
const engineFactor = 1.4;
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
export function estimateMemory(config: Configuration, aim: Aim, sizes: DataSizes): StageMemory[] {
  const { size } = config.data;
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
    const { width, predictor } = passOf(config, name, step.specs, sizes.classes);
    const outputs = 8 * sizes.all * (sizes.classes + width);
    add(`the ${name}'s outputs on all images`, "evaluation.batchSize", [predictor], outputs);
  };
  const teacher = needs.teacher ? classifierStep(config, config.teacher, ce.id, sizes) : undefined;
  if (teacher) addClassifier("teacher", teacher);
  if (needs.student) {
    const steps = largestRecipes(aim.methods).map((recipe) =>
      classifierStep(config, config.student, recipe, sizes, teacher),
    );
    const [largest] = steps.toSorted((a, b) => b.memory.live + b.memory.held - a.memory.live - a.memory.held);
    if (largest) addClassifier("student", largest);
  }
  if (!needs.outliers) return sorted(parts);
  const { autoEncoder, denoiser, synthesis } = config;
  const moments = 2 * 4 * 4 * sizes.train * (size / 4) ** 2;
  const autoEncoderBatch = Math.min(autoEncoderRows(autoEncoder.batchSize, size), sizes.train);
  const images = imagesOf(sizes.train, size);
  const adam: OptimizerOptions = { id: "adam" };
  const encoding = stepOf(
    autoEncoderTask({ ...autoEncoder, images, batchSize: autoEncoderBatch, flip: false, seed: 0 }),
    adam,
  );
  add("training the auto-encoder", "autoEncoder.batchSize", [encoding.memory]);
  const dimension = networks
    .find(config.teacher.network)
    .featureDim(networkChoice(config.teacher, sizes.classes, size).options);
  const latentShape = [4, size / 4, size / 4] as const;
  const denoising = stepOf(
    denoiserTask({
      ...denoiser,
      moments: { mean: new Float32Array(), logVariance: new Float32Array() },
      latentShape,
      latentScale: 1,
      schedule: noiseSchedule(),
      embeddings: new Float32Array(dimension),
      dimension,
      seed: 0,
    }),
    adam,
  );
  // this thread has the moments and the bytes of their file, the training thread has read them
  add("training the denoiser", "denoiser.batchSize", [denoising.memory], 3 * moments);
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
  add(
    "the latents of all training images",
    "evaluation.batchSize",
    [{ ...encoder, live: rows * encoder.live }],
    moments,
  );
  const made = 2 * synthesis.count * (3 * size ** 2 + 4 * 4 * (size / 4) ** 2);
  add("making outliers", "synthesis.count", Object.values(graphs).map(graphMemory), made);
  return sorted(parts);
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

/** Recipes whose methods are not all in another one too. */
function largestRecipes(ids: readonly string[]): readonly string[] {
  const methodsIn = (id: string): readonly string[] => recipes.find(id).methods.map(({ method }) => method);
  const isLess = (id: string, than: string): boolean =>
    methodsIn(than).length > methodsIn(id).length &&
    methodsIn(id).every((method) => methodsIn(than).includes(method));
  return ids.filter((id) => !ids.some((other) => isLess(id, other)));
}

/** The step of a teacher or a student. */
function classifierStep(
  config: Configuration,
  section: RecipeSection,
  recipe: string,
  { classes, train }: DataSizes,
  teacher?: Step,
): Step {
  const { data } = config;
  const network = networkChoice(section, classes, data.size);
  const teacherNetwork = networkChoice(config.teacher, classes, data.size);
  const featureWidth = networks.find(teacherNetwork.id).featureDim(teacherNetwork.options);
  const parameters = parametersUnder(zerosOf(teacher?.specs ?? []), networkPrefix);
  const { methods, settings, sourceSettings, sources } = planRecipe(recipe, config, section);
  const batchSize = batchSizeOf(section, train);
  const augmentation = { flip: "none" } as const;
  const images = imagesOf(train, data.size);
  const shared = { seed: 0, batchSize, augmentation };
  const sizes = {
    featureWidth,
    latentSide: data.size / 4,
    teacher: { network: teacherNetwork, parameters },
  };
  const side = sources.flatMap(({ source, names }) => {
    const facts = { ...shared, steps: 1, classes, images, settings: sourceSettings, names };
    return source.outline?.(facts, sizes) ?? [];
  });
  // methods that read what no source can outline are not counted
  const names = side.flatMap(namesOf);
  const counted = methods.filter(({ method }) =>
    method.needs(settings).every((need) => names.includes(need)),
  );
  const options = { ...shared, network, normalisation, settings, methods: counted };
  const task = classifierTask(options, images, side);
  return stepOf(task, optimizerOptionsOf(section));
}

/** A trained classifier's pass over images, and the width of its features. */
function passOf(
  config: Configuration,
  name: "teacher" | "student",
  specs: readonly ParameterSpec[],
  classes: number,
): { predictor: GraphMemory; width: number } {
  const network = networkChoice(config[name], classes, config.data.size);
  const parameters = parametersUnder(zerosOf(specs), networkPrefix);
  const rows = passRows(config.evaluation.batchSize, config.data.size);
  const predictor = graphMemory(
    exposeTaps(buildClassifier({ network, parameters, normalisation }, rows), ["logits", "features"]),
  );
  return { predictor, width: networks.find(network.id).featureDim(network.options) };
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
