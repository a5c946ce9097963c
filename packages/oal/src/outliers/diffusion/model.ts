/**
 * A latent diffusion model as synthesis sees it: embeddings in, latents and pictures out. Our own small model and Stable
 * Diffusion stand behind this one interface; both are read from a folder of ONNX models (openFolder.ts).
 */
import type { Tensor } from "oal-core";
import type { PredictionType } from "../samplers/drive.js";
import type { NoiseSchedule } from "../samplers/schedule.js";

/** Distribution of latents before scaling, each [count, ...latentShape]. */
export interface LatentMoments {
  readonly mean: Float32Array;
  readonly logVariance: Float32Array;
}

/** An opened latent diffusion model. Any count is accepted everywhere; work is cut into the models' batches. */
export interface LatentDiffusion {
  /** [channels, height, width] of one latent. */
  readonly latentShape: readonly [number, number, number];
  /** Height and width of the pictures, in pixels. */
  readonly imageSize: number;
  /** Length of an embedding, and [tokens, width] of the states the denoiser takes. */
  readonly embeddingDimension: number;
  readonly stateShape: readonly [number, number];
  /** Factor between the auto-encoder's latents and the denoiser's. */
  readonly latentScale: number;
  readonly schedule: NoiseSchedule;
  readonly prediction: PredictionType;
  /** Rows the denoiser takes at once. */
  readonly denoiserBatch: number;
  /** Encodes uint8 pictures [count, 3, H, W]. */
  encode(pixels: Uint8Array, count: number): Promise<LatentMoments>;
  /** Decodes scaled latents to uint8 pictures [count, 3, H, W], rounded to the nearest. */
  decode(latents: Float32Array, count: number): Promise<Uint8Array>;
  /** States of embeddings (of any norm) [count, D]; null gives the unconditional states. */
  condition(embeddings: Float32Array | null, count: number): Promise<Float32Array>;
  /** Network output for `denoiserBatch` latents at one time. */
  predict(latents: Float32Array, time: number, states: Float32Array): Promise<Tensor>;
  /** Frees the engine's memory. */
  release(): Promise<void>;
}
