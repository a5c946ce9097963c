/** The training thread: builds a job's task, trains it, writes the result. Talks to the main thread by messages only. */
import { existsSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { float32Data, oalError, OalError, toNumbers, type Tensor } from "oal-core";
import { openImageSet } from "../data/cachedSet.js";
import type { ImageSet } from "../data/imageSet.js";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.js";
import { autoEncoderTask, denoiserTask } from "../outliers/diffusion/tasks.js";
import { classifierTask, type ClassifierSideData, type LabelledRows } from "../training/classifier.js";
import { methodLists } from "../training/methods/index.js";
import type { TrainingTask } from "../training/task.js";
import { train } from "../training/trainer.js";
import { makeEngine } from "../runtime/engines/index.js";
import type { WorkerInput, WorkerMessage } from "./trainInWorker.js";
import type { AutoEncoderJob, ClassifierJob, DenoiserJob, TrainingJob } from "./trainingJob.js";

async function taskOf(job: TrainingJob): Promise<TrainingTask> {
  switch (job.kind) {
    case "classifier":
      return classifierOf(job);
    case "autoEncoder":
      return autoEncoderOf(job);
    case "denoiser":
      return denoiserOf(job);
  }
}

async function classifierOf(job: ClassifierJob): Promise<TrainingTask> {
  const images = openImageSet(job.images);
  const side = await sideDataOf(job);
  const initial = job.initial === undefined ? undefined : (await readSafetensors(job.initial)).tensors;
  return classifierTask(
    {
      seed: job.training.seed,
      steps: job.training.steps,
      network: job.network,
      batchSize: job.batchSize,
      normalisation: job.normalisation,
      augmentation: job.augmentation,
      methods: methodLists[job.methods],
      settings: job.settings,
      pairing: job.pairing,
      outlierFraction: job.outlierFraction,
      outlierStart: job.outlierStart,
      ...(initial ? { initial } : {}),
    },
    images,
    side,
  );
}

async function sideDataOf(job: ClassifierJob): Promise<ClassifierSideData> {
  const table = job.teacherTable === undefined ? undefined : await readSafetensors(job.teacherTable);
  const embeddings =
    job.outlierEmbeddings === undefined ? undefined : await readSafetensors(job.outlierEmbeddings);
  const latents = job.outlierLatents === undefined ? undefined : await readSafetensors(job.outlierLatents);
  const images: ImageSet | undefined =
    job.outlierImages === undefined ? undefined : openImageSet(job.outlierImages);
  const teacher = job.teacher
    ? { network: job.teacher.network, parameters: (await readSafetensors(job.teacher.parameters)).tensors }
    : undefined;
  return {
    ...(table
      ? {
          teacherTable: {
            logits: floats(table.tensors, "logits"),
            features: floats(table.tensors, "features"),
            featureWidth: stored(table.tensors, "features").shape[1] ?? 0,
          },
        }
      : {}),
    ...(teacher ? { teacherNetwork: teacher } : {}),
    ...(embeddings ? { outlierEmbeddings: rowsOf(embeddings.tensors, "embeddings") } : {}),
    ...(latents ? { outlierLatents: rowsOf(latents.tensors, "pooled") } : {}),
    ...(latents && images
      ? { outlierImages: { images, teacherLogits: floats(latents.tensors, "teacherLogits") } }
      : {}),
  };
}

async function autoEncoderOf(job: AutoEncoderJob): Promise<TrainingTask> {
  const images = openImageSet(job.images);
  const { batchSize, width, fullResolution, klWeight, flip } = job;
  return autoEncoderTask({
    images,
    batchSize,
    width,
    fullResolution,
    klWeight,
    flip,
    seed: job.training.seed,
  });
}

async function denoiserOf(job: DenoiserJob): Promise<TrainingTask> {
  const { tensors } = await readSafetensors(job.moments);
  const embeddings = (await readSafetensors(job.embeddings)).tensors;
  return denoiserTask({
    moments: { mean: floats(tensors, "mean"), logVariance: floats(tensors, "logVariance") },
    latentShape: job.latentShape,
    latentScale: job.latentScale,
    embeddings: floats(embeddings, "features"),
    dimension: stored(embeddings, "features").shape[1] ?? 0,
    batchSize: job.batchSize,
    channels: job.channels,
    blocks: job.blocks,
    prediction: job.prediction,
    dropout: job.conditionDropout,
    jitter: job.conditionNoise,
    seed: job.training.seed,
  });
}

function rowsOf(tensors: ReadonlyMap<string, Tensor>, name: string): LabelledRows {
  return {
    width: stored(tensors, name).shape[1] ?? 0,
    values: floats(tensors, name),
    labels: Int32Array.from(toNumbers(stored(tensors, "labels"))),
  };
}

function floats(tensors: ReadonlyMap<string, Tensor>, name: string): Float32Array {
  return float32Data(stored(tensors, name), name);
}

/** A tensor that an artifact must have: an empty one in its place would train on nothing. */
function stored(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw oalError("OAL-I111", { name, problem: "missing" });
  return tensor;
}

async function main({ job, engine }: WorkerInput): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const tell = (message: WorkerMessage): void => port.postMessage(message);
  let stopped = false;
  port.on("message", () => {
    stopped = true;
  });
  try {
    if (existsSync(job.result)) {
      tell({ kind: "finished", finished: true });
      return;
    }
    const outcome = await train(
      await makeEngine(engine),
      await taskOf(job),
      job.training,
      (event) => tell({ kind: "event", event }),
      () => stopped,
    );
    if (outcome.finished) await writeSafetensors(job.result, outcome.parameters);
    tell({ kind: "finished", finished: outcome.finished });
  } catch (error) {
    const known = error instanceof OalError;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell({
      kind: "error",
      code: known ? error.code : "OAL-X101",
      details: known ? error.details : { problem: message },
      message: known ? error.message : message,
    });
  }
}

const input: WorkerInput = workerData;
await main(input);
