/**
 * What a diffusion sampler is: coefficients from a grid in float64, and one update as a graph. A new sampler is one file
 * exporting a `Sampler` and one line in index.ts.
 */
import type { Value } from "oal-core";
import type { SamplingGrid } from "./schedule.js";

/** Choices of a sampling run that change the coefficients. */
export interface SamplerOptions {
  /** DDIM's share of fresh noise: 0 deterministic, 1 ancestral. Default 0. */
  readonly eta?: number;
  /** First order in the last step. Default: when there are fewer than 15 steps. */
  readonly lowerOrderFinal?: boolean;
}

/** Values of one step, all of the latent's shape except the coefficients. */
export interface SamplerInputs {
  readonly latent: Value;
  /** Prediction of the noise in the latent. */
  readonly noisePrediction: Value;
  /** Data prediction of the previous step; zeros in the first. */
  readonly previous: Value;
  /** Fresh standard normal noise; zeros for samplers that use none. */
  readonly noise: Value;
  /** float32 scalars, one per entry of `coefficientNames`. */
  readonly coefficients: readonly Value[];
}

/** One diffusion sampler. */
export interface Sampler {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** What the coefficients of a step mean, in order. */
  readonly coefficientNames: readonly string[];
  /** Whether steps take fresh noise under these options. */
  usesNoise(options: SamplerOptions): boolean;
  /** Coefficients of every step, [steps][coefficientNames.length], in float64. */
  coefficients(grid: SamplingGrid, options: SamplerOptions): number[][];
  /** One step: the next latent and the prediction of the clean latent, as graph values. */
  update(inputs: SamplerInputs): { readonly latent: Value; readonly dataPrediction: Value };
}

/** The coefficient at a position; samplers and drivers agree on the count, so it is always there. */
export function coefficientAt(inputs: SamplerInputs, index: number): Value {
  const value = inputs.coefficients[index];
  return value ?? inputs.latent.graph.scalar(0);
}
