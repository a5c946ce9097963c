/** Stage "diffusion": auto-encoder and conditional denoiser, trained on the ID images, saved as a folder of ONNX models. */
import { join } from "node:path";
import { Graph, concat, oalError, type Tensor } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import { EvaluationContext } from "../../nn/context.js";
import { readSafetensors, safetensorsShapes } from "../../nn/safetensors.js";
import { writeSafetensorsRows } from "../../nn/safetensorsRows.js";
import { encode, type AutoEncoderOptions } from "../../outliers/diffusion/autoEncoder.js";
import { predictionOf } from "../../outliers/diffusion/denoiser.js";
import { encodeInBatches } from "../../outliers/diffusion/batches.js";
import { openDiffusionFolder, saveDiffusionFolder } from "../../outliers/diffusion/folder.js";
import { diffusionGraphs } from "../../outliers/diffusion/graphs.js";
import type { LatentMoments } from "../../outliers/diffusion/model.js";
import { autoEncoderQuality } from "../../outliers/diffusion/quality.js";
import { LatentScale } from "../../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../../outliers/samplers/schedule.js";
import type { ParameterStore } from "../../nn/parameters.js";
import { autoEncoderRows, passRows } from "../../runtime/passRows.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { runTrainingJob } from "../trainingEvents.js";
import type { StageContext } from "./context.js";
import { embeddingsFile } from "./embeddings.js";

/** The model's folder inside the artifact. */
export const diffusionFolder = "model";
/** Reconstruction that METHOD 4.4 asks of an auto-encoder, in dB. */
const acceptedPsnr = 24;

/** The latent diffusion model. */
export const diffusionStage: Stage = {
  id: "diffusion",
  version: 3,
  title: "auto-encoder and conditional denoiser",
  variants: ({ synthesis }) => (synthesis.model === undefined ? [""] : []),
  slice: ({ config: { autoEncoder, denoiser, teacher }, data }) => ({
    autoEncoder,
    denoiser,
    flip: teacher.augmentation.flip !== "none",
    // batches and attention of larger pictures follow their pixels since then; smaller ones have the artifacts they had
    ...(data.train.set.height > 64 ? { largePictures: 2 } : {}),
  }),
  inputs: () => ({ embeddings: "embeddings" }),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ config: { autoEncoder, denoiser }, data }) => {
    const steps = autoEncoder.steps + denoiser.steps;
    const share = autoEncoder.steps / steps;
    return {
      unit: { ...autoEncoder, ...denoiser, steps: undefined, share, size: data.train.set.height },
      amount: steps,
    };
  },
  async run(job) {
    const { config, data, folder, checkpoints } = job;
    const { autoEncoder, denoiser } = config;
    const { set, folder: images } = data.train;
    const embeddings = job.input("embeddings");
    const started = Date.now();
    const autoEncoderPath = join(checkpoints, "autoEncoder.safetensors");
    const sharedTraining = {
      seed: config.seed,
      checkpointSeconds: config.checkpointSeconds,
    };
    await runTrainingJob(
      {
        kind: "autoEncoder",
        training: {
          name: "autoEncoder",
          ...sharedTraining,
          steps: autoEncoder.steps,
          optimizer: { id: "adam", beta2: 0.99 },
          schedule: { id: "cosine", rate: autoEncoder.learningRate, warmup: 0.05, minFactor: 0.05 },
          checkpointFolder: join(checkpoints, "autoEncoder"),
        },
        images,
        batchSize: Math.min(autoEncoderRows(autoEncoder.batchSize, set.height), set.count),
        width: autoEncoder.width,
        fullResolution: autoEncoder.fullResolution,
        klWeight: autoEncoder.klWeight,
        flip: config.teacher.augmentation.flip !== "none",
        result: autoEncoderPath,
      },
      job,
    );
    const autoEncoderSeconds = (Date.now() - started) / 1000;
    const autoEncoderParameters = (await readSafetensors(autoEncoderPath)).tensors;
    const autoEncoderOptions: AutoEncoderOptions = {
      width: autoEncoder.width,
      fullResolution: autoEncoder.fullResolution,
    };
    const latentShape = [4, set.height / 4, set.width / 4] as const;
    const momentsPath = join(checkpoints, "moments.safetensors");
    const momentsShape = [set.count, ...latentShape];
    const scale = new LatentScale();
    const shapes = new Map([
      ["mean", momentsShape],
      ["logVariance", momentsShape],
    ]);
    await writeSafetensorsRows(momentsPath, shapes, (append) =>
      encodeAll(set, autoEncoderParameters, autoEncoderOptions, job, async (moments) => {
        scale.add(moments);
        await append("mean", moments.mean);
        await append("logVariance", moments.logVariance);
      }),
    );
    const latentScale = scale.value;
    const denoiserPath = join(checkpoints, "denoiser.safetensors");
    const denoiserStarted = Date.now();
    await runTrainingJob(
      {
        kind: "denoiser",
        training: {
          name: "denoiser",
          ...sharedTraining,
          steps: denoiser.steps,
          optimizer: { id: "adamw" },
          schedule: { id: "cosine", rate: denoiser.learningRate, warmup: 0.05, minFactor: 0.05 },
          ...(denoiser.clipNorm > 0 ? { clipNorm: denoiser.clipNorm } : {}),
          ...(denoiser.ema > 0 ? { ema: denoiser.ema } : {}),
          checkpointFolder: join(checkpoints, "denoiser"),
        },
        moments: momentsPath,
        embeddings: join(embeddings.folder, embeddingsFile),
        latentShape: [4, set.height / 4, set.width / 4],
        latentScale,
        batchSize: denoiser.batchSize,
        channels: denoiser.channels,
        blocks: denoiser.blocks,
        target: denoiser.target,
        conditionDropout: denoiser.conditionDropout,
        conditionNoise: denoiser.conditionNoise,
        result: denoiserPath,
      },
      job,
    );
    const embeddingDimension =
      safetensorsShapes(join(embeddings.folder, embeddingsFile)).get("features")?.shape[1] ?? 0;
    const graphs = diffusionGraphs({
      autoEncoder: autoEncoderParameters,
      denoiser: (await readSafetensors(denoiserPath)).tensors,
      autoEncoderOptions,
      denoiserOptions: denoiser,
      imageSize: set.height,
      embeddingDimension,
    });
    await saveDiffusionFolder(join(folder, diffusionFolder), graphs, {
      latentScale,
      schedule: noiseSchedule(),
      prediction: predictionOf(denoiser),
    });
    const denoiserSeconds = (Date.now() - denoiserStarted) / 1000;
    const path = join(folder, diffusionFolder);
    return {
      metrics: { latentScale, ...(await measureQuality(path, data.validation.set, job)) },
      timings: { autoEncoder: autoEncoderSeconds, denoiser: denoiserSeconds },
    };
  },
};

/** Latent distributions of every image of a set, in its order. */
async function encodeAll(
  set: ImageSet,
  parameters: ParameterStore,
  options: AutoEncoderOptions,
  { config, signal, engine }: StageContext,
  take: (moments: LatentMoments) => Promise<void>,
): Promise<void> {
  const batch = passRows(config.evaluation.batchSize, set.height);
  const graph = new Graph();
  const imageShape = [3, set.height, set.width];
  const images = graph.input("images", { dtype: "float32", shape: [batch, ...imageShape] });
  const { mean, logVariance } = encode(new EvaluationContext(graph, parameters), images, options);
  graph.output("moments", concat([mean, logVariance], 1));
  const session = await engine.compile(graph);
  const run = async (sample: Tensor): Promise<Tensor> => {
    signal.throwIfAborted();
    const { moments } = await session.run({ images: sample });
    if (!moments) throw oalError("OAL-X101", { problem: "the encoder has no output" });
    return moments;
  };
  try {
    await encodeInBatches(
      { batch, imageShape, latentShape: mean.shape.slice(1), run },
      set.count,
      (begin, rows) => set.read(Array.from({ length: rows }, (_, i) => begin + i)),
      take,
    );
  } finally {
    await session.release();
  }
}

/** Reconstruction of validation images by the saved model; says so when it falls short of METHOD 4.4. */
async function measureQuality(
  path: string,
  validation: ImageSet,
  { events, engine }: StageJob,
): Promise<Record<string, number>> {
  const model = await openDiffusionFolder(engine, path);
  try {
    const count = Math.min(validation.count, 1000);
    const pixels = validation.read(Array.from({ length: count }, (_, i) => i));
    const { psnr, channelDeviation } = await autoEncoderQuality(model, pixels, count);
    if (psnr < acceptedPsnr) {
      const found = `${psnr.toFixed(1)} dB on validation images; ${acceptedPsnr} are asked for`;
      events.message(`auto-encoder: ${found}, more autoEncoder.steps may help (noise in images does not)`);
    }
    return {
      psnr,
      smallestChannelDeviation: Math.min(...channelDeviation),
      largestChannelDeviation: Math.max(...channelDeviation),
    };
  } finally {
    await model.release();
  }
}
