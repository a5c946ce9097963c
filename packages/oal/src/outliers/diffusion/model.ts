/**
 * A latent diffusion model as synthesis sees it: embeddings in, latents and pictures out. Our own small model and Stable
 * Diffusion stand behind this one interface; both are read from a folder of ONNX models (openFolder.ts), and differ only in what
 * turns an embedding into states.
 */
import type { Graph, Tensor } from "oal-core";
import type { PredictionType } from "../samplers/drive.js";
import type { NoiseSchedule } from "../samplers/schedule.js";
import type { Parts } from "./parts.js";

/** Distribution of latents before scaling, each [count, ...latentShape]. */
export interface LatentMoments {
  readonly mean: Float32Array;
  readonly logVariance: Float32Array;
}

/** Embeddings with the classes they belong to. */
export interface Conditions {
  /** [count, D], of any norm. */
  readonly embeddings: Float32Array;
  /** Class of each row. */
  readonly labels: ArrayLike<number>;
}

/** What turns embeddings into the states that a denoiser takes. */
export interface Conditioner {
  /** Length of an embedding. */
  readonly embeddingDimension: number;
  /** [tokens, width] of the states. */
  readonly stateShape: readonly [number, number];
  /** States of embeddings, [count, ...stateShape]; null gives the unconditional ones. */
  condition(given: Conditions | null, count: number): Promise<Float32Array>;
}

/** Makes a conditioner whose part of the model is opened among the others. */
export type MakeConditioner = (parts: Parts) => Conditioner;

/** An opened latent diffusion model. Any count is accepted everywhere; work is cut into the models' batches. */
export interface LatentDiffusion extends Conditioner {
  /** [channels, height, width] of one latent. */
  readonly latentShape: readonly [number, number, number];
  /** Height and width of the pictures, in pixels. */
  readonly imageSize: number;
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
  /** The decoder as a graph, for gradients: unscaled latents to pictures in about [-1, 1]. @throws OAL-G112 and others of a model file */
  decoderGraph(): Promise<Graph>;
  /** Network output for `denoiserBatch` latents at one time. */
  predict(latents: Float32Array, time: number, states: Float32Array): Promise<Tensor>;
  /** Frees the engine's memory; the model can be used again, its parts are opened when they are needed. */
  release(): Promise<void>;
}
