/** Stage "diffusion": auto-encoder and conditional denoiser, trained on the ID images, saved as a folder of ONNX models. */
import { join } from "node:path";
import { float32Tensor, Graph, concat, float32Data } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import { EvaluationContext } from "../../nn/context.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import { encode, type AutoEncoderOptions } from "../../outliers/diffusion/autoEncoder.js";
import { saveDiffusionFolder } from "../../outliers/diffusion/folder.js";
import { diffusionGraphs } from "../../outliers/diffusion/graphs.js";
import type { LatentMoments } from "../../outliers/diffusion/model.js";
import { latentScaleOf } from "../../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../../outliers/samplers/schedule.js";
import type { ParameterStore } from "../../nn/parameters.js";
import { compile } from "../../runtime/node.js";
import type { Artifact } from "../artifact.js";
import { runStage } from "../stage.js";
import { runTrainingJob } from "../trainingEvents.js";
import { threadsOf, type StageContext } from "./context.js";
import type { PreparedData } from "./data.js";
import { embeddingsFile } from "./embeddings.js";

/** The model's folder inside the artifact. */
export const diffusionFolder = "model";

/** Trains the latent diffusion model, or finds it. */
export async function diffusionStage(
  context: StageContext,
  data: PreparedData,
  embeddings: Artifact,
): Promise<Artifact> {
  const { config, run, signal } = context;
  const { set, folder: images } = data.train;
  const { autoEncoder, denoiser } = config;
  return runStage(
    run,
    {
      name: "diffusion",
      version: 1,
      slice: { autoEncoder, denoiser, flip: config.teacher.augmentation.flip !== "none" },
      inputs: { embeddings },
      data: { train: set.contentHash },
      body: async (folder, events, stop) => {
        const kept = join(folder, "checkpoints");
        const started = Date.now();
        const autoEncoderPath = join(kept, "autoEncoder.safetensors");
        const sharedTraining = {
          seed: config.seed,
          checkpointSeconds: config.checkpointSeconds,
          ...threadsOf(config),
        };
        await runTrainingJob(
          {
            kind: "autoEncoder",
            training: {
              name: "autoEncoder",
              ...sharedTraining,
              steps: autoEncoder.steps,
              optimizer: { id: "adam", betas: [0.9, 0.99] },
              schedule: { id: "cosine", rate: autoEncoder.learningRate, warmup: 0.05, finalFactor: 0.05 },
              checkpointFolder: join(kept, "autoEncoder"),
            },
            images,
            batchSize: Math.min(autoEncoder.batchSize, set.count),
            width: autoEncoder.width,
            fullResolution: autoEncoder.fullResolution,
            klWeight: autoEncoder.klWeight,
            flip: config.teacher.augmentation.flip !== "none",
            result: autoEncoderPath,
          },
          events,
          stop,
        );
        const autoEncoderSeconds = (Date.now() - started) / 1000;
        const autoEncoderParameters = (await readSafetensors(autoEncoderPath)).tensors;
        const autoEncoderOptions: AutoEncoderOptions = {
          width: autoEncoder.width,
          fullResolution: autoEncoder.fullResolution,
        };
        const latentShape = [4, set.height / 4, set.width / 4] as const;
        const moments = await encodeAll(set, autoEncoderParameters, autoEncoderOptions, context);
        const latentScale = latentScaleOf(moments);
        const momentsPath = join(kept, "moments.safetensors");
        const momentsShape = [set.count, ...latentShape];
        await writeSafetensors(
          momentsPath,
          new Map([
            ["mean", float32Tensor(momentsShape, moments.mean)],
            ["logVariance", float32Tensor(momentsShape, moments.logVariance)],
          ]),
        );
        const denoiserPath = join(kept, "denoiser.safetensors");
        const denoiserStarted = Date.now();
        const prediction = denoiser.target === "v" ? "v_prediction" : "epsilon";
        await runTrainingJob(
          {
            kind: "denoiser",
            training: {
              name: "denoiser",
              ...sharedTraining,
              steps: denoiser.steps,
              optimizer: { id: "adamw", betas: [0.9, 0.999] },
              schedule: { id: "cosine", rate: denoiser.learningRate, warmup: 0.05, finalFactor: 0.05 },
              ...(denoiser.clipNorm > 0 ? { clipNorm: denoiser.clipNorm } : {}),
              ...(denoiser.ema > 0 ? { ema: denoiser.ema } : {}),
              checkpointFolder: join(kept, "denoiser"),
            },
            moments: momentsPath,
            embeddings: join(embeddings.folder, embeddingsFile),
            latentShape: [4, set.height / 4, set.width / 4],
            latentScale,
            batchSize: denoiser.batchSize,
            channels: denoiser.channels,
            blocks: denoiser.blocks,
            prediction,
            conditionDropout: denoiser.conditionDropout,
            conditionNoise: denoiser.conditionNoise,
            result: denoiserPath,
          },
          events,
          stop,
        );
        const embeddingDimension =
          (await readSafetensors(join(embeddings.folder, embeddingsFile))).tensors.get("features")
            ?.shape[1] ?? 0;
        const graphs = diffusionGraphs({
          autoEncoder: autoEncoderParameters,
          denoiser: (await readSafetensors(denoiserPath)).tensors,
          autoEncoderOptions,
          denoiserOptions: { channels: denoiser.channels, blocks: denoiser.blocks, prediction },
          imageSize: set.height,
          embeddingDimension,
        });
        await saveDiffusionFolder(join(folder, diffusionFolder), graphs, {
          latentScale,
          schedule: noiseSchedule(),
          prediction,
        });
        return {
          metrics: { latentScale },
          timings: { autoEncoder: autoEncoderSeconds, denoiser: (Date.now() - denoiserStarted) / 1000 },
        };
      },
    },
    signal,
  );
}

/** Latent distributions of every image of a set. */
async function encodeAll(
  set: ImageSet,
  parameters: ParameterStore,
  options: AutoEncoderOptions,
  { config, signal }: StageContext,
): Promise<LatentMoments> {
  const batch = config.evaluation.batchSize;
  const graph = new Graph();
  const images = graph.input("images", { dtype: "float32", shape: [batch, 3, set.height, set.width] });
  const encoded = encode(new EvaluationContext(graph, parameters), images, options);
  graph.output("moments", concat([encoded.mean, encoded.logVariance], 1));
  const size = encoded.mean.shape.slice(1).reduce((product, side) => product * side, 1);
  const mean = new Float32Array(set.count * size);
  const logVariance = new Float32Array(set.count * size);
  const session = await compile(graph, threadsOf(config));
  try {
    for (let start = 0; start < set.count; start += batch) {
      signal.throwIfAborted();
      const rows = Math.min(batch, set.count - start);
      const pixels = new Float32Array(batch * 3 * set.height * set.width);
      pixels.set(set.read(Array.from({ length: rows }, (_, i) => start + i)));
      for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] ?? 0) / 127.5 - 1;
      const outputs = await session.run({ images: float32Tensor(images.shape, pixels) });
      const values = outputs["moments"] ? float32Data(outputs["moments"]) : new Float32Array();
      for (let i = 0; i < rows; i++) {
        mean.set(values.subarray(2 * i * size, (2 * i + 1) * size), (start + i) * size);
        logVariance.set(values.subarray((2 * i + 1) * size, (2 * i + 2) * size), (start + i) * size);
      }
    }
  } finally {
    await session.release();
  }
  return { mean, logVariance };
}
