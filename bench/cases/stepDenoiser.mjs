// The denoiser's step, with the sizes of the preset cifar10-small.
import { Random } from "../../packages/core/dist/index.js";
import { denoiserTask } from "../../packages/oal/dist/outliers/diffusion/tasks.js";
import { noiseSchedule } from "../../packages/oal/dist/outliers/samplers/schedule.js";
import { stepContestants, trainingOptions } from "../steps/trainingStep.mjs";

const training = trainingOptions({ id: "adamw" }, 2e-4, { clipNorm: 1, ema: 0.999 });

function taskOf({ batch, channels, dimension }) {
  const random = new Random(1, "bench/latents");
  const latents = batch * 4 * 8 * 8;
  return denoiserTask({
    moments: { mean: random.normals(0, latents), logVariance: random.normals(1, latents) },
    latentShape: [4, 8, 8],
    latentScale: 1,
    embeddings: random.normals(2, batch * dimension),
    dimension,
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

export default {
  title: ({ channels, batch }) => `training step, denoiser of ${channels} channels, batch ${batch}`,
  settings: { channels: 64, dimension: 256, batch: 32 },
  short: { batch: 8 },
  goals: { must: 1, aim: 1.2 },
  ...stepContestants(taskOf, training, "denoiser_step"),
};
