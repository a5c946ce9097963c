/** One small step of everything that oal trains: what an engine is asked whether it has all operators of. */
import {
  float32Tensor,
  memoryRows,
  uint8Tensor,
  type CarriedTensor,
  type Graph,
  type TensorType,
} from "oal-core";
import { memoryImageSet } from "../data/imageSet.js";
import { networks } from "../nn/networks/index.js";
import { autoEncoderSchema } from "../outliers/diffusion/autoEncoder.js";
import { denoiserSchema } from "../outliers/diffusion/denoiser.js";
import { autoEncoderTask, denoiserTask } from "../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../outliers/samplers/schedule.js";
import { classifierTask } from "../training/classifier.js";
import type { TrainingOptions } from "../training/options.js";
import { recipes } from "../training/recipes/index.js";
import { methodsOf, needsOf, type Recipe } from "../training/recipes/recipe.js";
import type { SideTensor } from "../training/side/sideData.js";
import { buildTrainingStep, nextName } from "../training/step.js";
import type { TrainingTask } from "../training/task.js";

const [batch, classes, side, width] = [2, 3, 32, 8];

/** A step as an engine is handed it. */
export interface TrainedGraph {
  /** What is trained. */
  readonly name: string;
  readonly graph: Graph;
  readonly carried: readonly CarriedTensor[];
}

/** Every network with cross-entropy, every recipe with all its side data, and both parts of the diffusion model. */
export function trainedGraphs(): TrainedGraph[] {
  const sgd = { optimizer: { id: "sgd", momentum: 0.9, weightDecay: 1e-3 } };
  const trained = recipes.all.filter(({ trains }) => trains !== false);
  return [
    ...networks.all.map(({ id }) => stepOf(id, classifier(id, recipes.find("ce")), sgd)),
    ...trained.map((recipe) => stepOf(`recipe ${recipe.id}`, classifier("resnetSmall", recipe), sgd)),
    stepOf("auto-encoder", autoEncoder(), { optimizer: { id: "adam" } }),
    stepOf("denoiser", denoiser(), { optimizer: { id: "adamw" }, ema: 0.9, clipNorm: 1 }),
  ];
}

function stepOf(
  name: string,
  task: TrainingTask,
  options: Pick<TrainingOptions, "optimizer" | "ema" | "clipNorm">,
): TrainedGraph {
  const { graph, stateNames } = buildTrainingStep(task, {
    name,
    seed: 0,
    steps: 1,
    schedule: { id: "constant", rate: 0.1, warmup: 0 },
    ...options,
  });
  const carried = stateNames.map((each) =>
    graph.outputs.has(nextName(each)) ? { name: each, next: nextName(each) } : { name: each },
  );
  return { name, graph, carried };
}

const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;

function classifier(id: string, recipe: Recipe): TrainingTask {
  const pixels = new Uint8Array(batch * 3 * side * side);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const names = Array.from({ length: classes }, (_, i) => String(i));
  const methods = methodsOf(recipe);
  return classifierTask(
    {
      seed: 0,
      batchSize: batch,
      network: { id, options: { classes, imageSize: side } },
      normalisation,
      augmentation: { flip: "none" },
      methods,
      settings: {},
    },
    memoryImageSet("none", pixels, labels, names),
    needsOf(methods, {}).map(sideTensor),
  );
}

/** Side data of the right type that is never read. */
function sideTensor(name: string): SideTensor {
  const type: TensorType = /images$/i.test(name)
    ? { dtype: "uint8", shape: [batch, 3, side, side] }
    : {
        dtype: "float32",
        shape: /gate$/i.test(name) ? [] : [batch, /logits$/i.test(name) ? classes : 8 * width],
      };
  const size = type.shape.reduce((product, each) => product * each, 1);
  const rows = () =>
    type.dtype === "uint8"
      ? uint8Tensor(type.shape, new Uint8Array(size))
      : float32Tensor(type.shape, new Float32Array(size));
  return { name, type, rows };
}

function autoEncoder(): TrainingTask {
  const read = (indices: ArrayLike<number>) => new Uint8Array(indices.length * 3 * side * side);
  return autoEncoderTask({
    ...autoEncoderSchema.parse({ width }),
    images: { count: batch, height: side, width: side, read },
    batchSize: batch,
    flip: false,
    seed: 0,
  });
}

function denoiser(): TrainingTask {
  const rows = (each: number) => memoryRows(new Float32Array(batch * each), each);
  const latents = rows(4 * 8 * 8);
  return denoiserTask({
    ...denoiserSchema.parse({ channels: 2 * width }),
    moments: { mean: latents, logVariance: latents },
    latentShape: [4, 8, 8],
    latentScale: 1,
    embeddings: rows(width),
    schedule: noiseSchedule(),
    batchSize: batch,
    conditionDropout: 0.1,
    conditionNoise: 0.1,
    seed: 0,
  });
}
