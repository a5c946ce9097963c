// The tasks of the auto-encoder and the denoiser with the sizes of the preset cifar10-small.
import { memoryRows, Random } from "../../packages/core/dist/index.js";
import { autoEncoderTask, denoiserTask } from "../../packages/oal/dist/outliers/diffusion/tasks.js";
import { noiseSchedule } from "../../packages/oal/dist/outliers/samplers/schedule.js";
import { trainingOptions } from "./trainingStep.mjs";

export const autoEncoderSettings = { width: 16, batch: 32, klWeight: 1e-3 };
export const autoEncoderTraining = trainingOptions({ id: "adam", beta2: 0.99 }, 2e-3);

export function autoEncoderTaskOf({ batch, width, klWeight }, images) {
  return autoEncoderTask({
    images,
    batchSize: batch,
    width,
    klWeight,
    fullResolution: false,
    flip: true,
    seed: 0,
  });
}

export const denoiserSettings = { channels: 64, dimension: 256, batch: 32 };
export const denoiserTraining = trainingOptions({ id: "adamw" }, 2e-4, { clipNorm: 1, ema: 0.999 });

/** @param count latents that there are */
export function denoiserTaskOf({ batch, channels, dimension }, count) {
  const random = new Random(1, "bench/latents");
  const latents = count * 4 * 8 * 8;
  return denoiserTask({
    moments: {
      mean: memoryRows(random.normals(0, latents), 256),
      logVariance: memoryRows(random.normals(1, latents), 256),
    },
    latentShape: [4, 8, 8],
    latentScale: 1,
    embeddings: memoryRows(random.normals(2, count * dimension), dimension),
    schedule: noiseSchedule(),
    batchSize: batch,
    conditionDropout: 0.1,
    conditionNoise: 0.1,
    channels,
    blocks: 1,
    target: "v",
    seed: 0,
  });
}
