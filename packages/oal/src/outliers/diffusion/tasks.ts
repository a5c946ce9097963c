/**
 * Training of the auto-encoder and the denoiser as tasks of the trainer. Batches are functions of seed and step alone.
 */
import { Random, cast, float32Tensor, mul, oalError, sub, uint8Tensor, type Tensor } from "oal-core";
import type { z } from "zod";
import type { Table } from "../../training/side/rows.js";
import type { TrainingTask } from "../../training/task.js";
import type { NoiseSchedule } from "../samplers/schedule.js";
import { autoEncoderLoss, latentChannels, type autoEncoderSchema } from "./autoEncoder.js";
import { denoiserLoss, type DenoiserOptions } from "./denoiser.js";
import type { LatentMoments } from "./model.js";

/** Pictures by index; any ImageSet will do. */
export interface PictureSource {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** uint8 [indices, 3, height, width]. */
  read(indices: ArrayLike<number>): Uint8Array;
}

/** Rows of each step: every epoch in a new seeded order, batches always full. */
export function epochRows(random: Random, count: number, batchSize: number): (step: number) => Uint32Array {
  let known = -1;
  let order = new Uint32Array();
  return (step) =>
    Uint32Array.from({ length: batchSize }, (_, i) => {
      const position = step * batchSize + i;
      const epoch = Math.floor(position / count);
      if (epoch !== known) {
        order = new Uint32Array(random.permutation(epoch, count));
        known = epoch;
      }
      return order[position % count] ?? 0;
    });
}

/** What the auto-encoder is trained on. */
export interface AutoEncoderTaskOptions extends z.output<typeof autoEncoderSchema> {
  readonly images: PictureSource;
  readonly batchSize: number;
  /** Mirrors half of the pictures. */
  readonly flip: boolean;
  readonly seed: number;
}

/** The auto-encoder's training task; parameters `encoder.*` and `decoder.*`. Recommended: Adam 2e-4, betas (.9, .99). */
export function autoEncoderTask(options: AutoEncoderTaskOptions): TrainingTask {
  const { images, batchSize, seed } = options;
  const { height, width } = images;
  const imageShape = [batchSize, 3, height, width];
  const latentShape = [batchSize, latentChannels, height / 4, width / 4];
  const rows = epochRows(new Random(seed, "autoEncoder/order"), images.count, batchSize);
  const noise = new Random(seed, "autoEncoder/noise");
  const mirror = new Random(seed, "autoEncoder/flip");
  return {
    inputs: {
      images: { dtype: "uint8", shape: imageShape },
      noise: { dtype: "float32", shape: latentShape },
    },
    build: (context, inputs) => {
      const pixels = sub(mul(cast(given(inputs, "images"), "float32"), 1 / 127.5), 1);
      return autoEncoderLoss(context, pixels, given(inputs, "noise"), options);
    },
    batch: (step) => {
      const pixels = images.read(rows(step));
      if (options.flip) {
        mirror.uniforms(step, batchSize).forEach((u, i) => {
          if (u < 0.5)
            reverseRows(
              pixels.subarray((i * pixels.length) / batchSize, ((i + 1) * pixels.length) / batchSize),
              width,
            );
        });
      }
      const size = latentShape.reduce((product, side) => product * side, 1);
      return {
        images: uint8Tensor(imageShape, pixels),
        noise: float32Tensor(latentShape, noise.normals(step, size)),
      };
    },
  };
}

function reverseRows(pixels: Uint8Array, width: number): void {
  for (let row = 0; row < pixels.length; row += width) pixels.subarray(row, row + width).reverse();
}

/** What the denoiser is trained on. */
export interface DenoiserTaskOptions extends DenoiserOptions {
  /** The auto-encoder's distributions for the training pictures, before scaling: rows of as many numbers as a latent has. */
  readonly moments: { readonly mean: Table; readonly logVariance: Table };
  /** [channels, height, width] of a latent. */
  readonly latentShape: readonly [number, number, number];
  /** The value of a `LatentScale` over all moments. */
  readonly latentScale: number;
  /** Teacher embeddings of the same pictures, of any norm. */
  readonly embeddings: Table;
  readonly schedule: NoiseSchedule;
  readonly batchSize: number;
  /** Share of conditions left out, for guidance. */
  readonly conditionDropout: number;
  /** Largest standard deviation, per component, of the noise on the unit condition. */
  readonly conditionNoise: number;
  readonly seed: number;
}

/** The denoiser's training task; parameters `condition.*` and `unet.*`. Recommended: AdamW 2e-4 without decay, EMA 0.999, clip 1. */
export function denoiserTask(options: DenoiserTaskOptions): TrainingTask {
  const {
    moments,
    latentShape,
    latentScale,
    embeddings,
    batchSize,
    schedule,
    conditionDropout: dropout,
    conditionNoise: jitter,
    seed,
  } = options;
  const size = latentShape.reduce((product, side) => product * side, 1);
  const dimension = embeddings.width;
  const rows = epochRows(new Random(seed, "denoiser/order"), embeddings.count, batchSize);
  const stream = (purpose: string): Random => new Random(seed, `denoiser/${purpose}`);
  const [posterior, noise, times, drops, amounts, directions] = [
    stream("posterior"),
    stream("noise"),
    stream("time"),
    stream("drop"),
    stream("jitter"),
    stream("direction"),
  ];
  const shape = [batchSize, ...latentShape];
  const vector = { dtype: "float32", shape: [batchSize] } as const;
  return {
    inputs: {
      latents: { dtype: "float32", shape },
      noise: { dtype: "float32", shape },
      condition: { dtype: "float32", shape: [batchSize, dimension] },
      time: vector,
      alphaBar: vector,
      drop: vector,
    },
    build: (context, inputs) =>
      denoiserLoss(
        context,
        {
          latents: given(inputs, "latents"),
          noise: given(inputs, "noise"),
          condition: given(inputs, "condition"),
          time: given(inputs, "time"),
          alphaBar: given(inputs, "alphaBar"),
          drop: given(inputs, "drop"),
        },
        options,
      ),
    batch: (step): Record<string, Tensor> => {
      const chosen = rows(step);
      const latents = posterior.normals(step, batchSize * size);
      const condition = directions.normals(step, batchSize * dimension);
      const jitters = amounts.uniforms(step, batchSize);
      chosen.forEach((row, i) => {
        const mean = moments.mean.read(row, row + 1);
        const logVariance = moments.logVariance.read(row, row + 1);
        for (let j = 0; j < size; j++) {
          const spread = Math.exp(0.5 * (logVariance[j] ?? 0));
          latents[i * size + j] = latentScale * ((mean[j] ?? 0) + spread * (latents[i * size + j] ?? 0));
        }
        const embedding = embeddings.read(row, row + 1);
        const norm = Math.sqrt(embedding.reduce((sum, value) => sum + value * value, 0)) || 1;
        const deviation = jitter * (jitters[i] ?? 0);
        embedding.forEach(
          (value, d) =>
            (condition[i * dimension + d] = value / norm + deviation * (condition[i * dimension + d] ?? 0)),
        );
      });
      const time = Float32Array.from({ length: batchSize }, (_, i) =>
        times.integer(step, i, schedule.betas.length),
      );
      return {
        latents: float32Tensor(shape, latents),
        noise: float32Tensor(shape, noise.normals(step, batchSize * size)),
        condition: float32Tensor([batchSize, dimension], condition),
        time: float32Tensor([batchSize], time),
        alphaBar: float32Tensor(
          [batchSize],
          time.map((t) => schedule.alphaBar[t] ?? 1),
        ),
        drop: float32Tensor(
          [batchSize],
          drops.uniforms(step, batchSize).map((u) => (u < dropout ? 1 : 0)),
        ),
      };
    },
    close: () => {
      for (const table of [moments.mean, moments.logVariance, embeddings]) table.close?.();
    },
  };
}

/** 1 / standard deviation of the sampled latents over a set: the factor that gives the denoiser unit variance. */
export class LatentScale {
  #count = 0;
  #sum = 0;
  #squares = 0;

  /** Takes the distributions of some pictures. */
  add({ mean, logVariance }: LatentMoments): void {
    mean.forEach((value, i) => {
      this.#sum += value;
      this.#squares += value * value + Math.exp(logVariance[i] ?? 0);
    });
    this.#count += mean.length;
  }

  /** The factor for all that was added; 1 where nothing varies. */
  get value(): number {
    const count = Math.max(1, this.#count);
    const centre = this.#sum / count;
    const variance = this.#squares / count - centre * centre;
    return variance > 0 ? 1 / Math.sqrt(variance) : 1;
  }
}

function given<T>(inputs: Readonly<Record<string, T>>, name: string): T {
  const value = inputs[name];
  if (value === undefined) throw oalError("OAL-X101", { problem: `training input "${name}" is missing` });
  return value;
}
