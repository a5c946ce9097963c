/**
 * What a diffusion sampler is: coefficients from a grid in float64, and one update as a graph. A new sampler is one file
 * exporting a `Sampler` and one line in index.ts.
 */
import type { Value } from "oal-core";
import type { z } from "zod";
import { resolveOptions } from "../../fields.js";
import type { SamplingGrid } from "./schedule.js";

/** Options of a sampler by name; absent ones have its defaults, others are refused. */
export type SamplerOptions = Readonly<Record<string, unknown>>;

/** One call of the denoiser and the update that follows it. Most samplers make one per step of the grid. */
export interface Evaluation {
  /** The step of the grid that it belongs to. */
  readonly step: number;
  /** Position in the grid of the time at which the denoiser is asked. */
  readonly at: number;
  /** Whether the step is done with it; a trial point on the way is not. */
  readonly completes: boolean;
}

/** Values of one evaluation, all of the latent's shape except the coefficients. */
export interface SamplerInputs {
  readonly latent: Value;
  /** Prediction of the noise in the latent. */
  readonly noisePrediction: Value;
  /** Data prediction of the previous evaluation; zeros in the first. */
  readonly previous: Value;
  /** Fresh standard normal noise; zeros for samplers that use none. */
  readonly noise: Value;
  /** What the previous evaluation left, one per entry of `stateNames`; zeros in the first. */
  readonly state: readonly Value[];
  /** float32 scalars, one per entry of `coefficientNames`. */
  readonly coefficients: readonly Value[];
}

/** One diffusion sampler. Its functions throw OAL-C208 for options that it does not have, or that its schema refuses. */
export interface Sampler {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Its options: type, range, default and description. */
  readonly schema: z.ZodObject;
  /** What the coefficients of an evaluation mean, in order. */
  readonly coefficientNames: readonly string[];
  /** What is carried from evaluation to evaluation besides the latent and its data prediction; absent: nothing. */
  readonly stateNames?: readonly string[];
  /** When the denoiser is asked; absent: once in every step, at its time. */
  evaluations?(grid: SamplingGrid): readonly Evaluation[];
  /** Whether steps take fresh noise under these options. */
  usesNoise(options: SamplerOptions): boolean;
  /** Coefficients of every evaluation, [evaluations][coefficientNames.length], in float64. */
  coefficients(grid: SamplingGrid, options: SamplerOptions): number[][];
  /** What follows an evaluation: the next latent, the prediction of the clean latent and the new state, as graph values. */
  update(inputs: SamplerInputs): SamplerUpdate;
}

/** Result of an evaluation. */
export interface SamplerUpdate {
  readonly latent: Value;
  readonly dataPrediction: Value;
  /** One per entry of `stateNames`. */
  readonly state?: readonly Value[];
}

/** The evaluations of a run. */
export function evaluationsOf(sampler: Sampler, grid: SamplingGrid): readonly Evaluation[] {
  return (
    sampler.evaluations?.(grid) ??
    Array.from(grid.timesteps, (_, step) => ({ step, at: step, completes: true }))
  );
}

/** A sampler as one writes it: its functions get their options resolved and typed. */
export interface SamplerDefinition<Schema extends z.ZodObject> extends Omit<
  Sampler,
  "schema" | "usesNoise" | "coefficients"
> {
  readonly schema: Schema;
  usesNoise(options: z.output<Schema>): boolean;
  coefficients(grid: SamplingGrid, options: z.output<Schema>): number[][];
}

/** Makes a sampler of a definition. */
export function defineSampler<Schema extends z.ZodObject>(definition: SamplerDefinition<Schema>): Sampler {
  const resolved = (options: SamplerOptions): z.output<Schema> =>
    resolveOptions("sampler", definition, options);
  return {
    ...definition,
    usesNoise: (options) => definition.usesNoise(resolved(options)),
    coefficients: (grid, options) => definition.coefficients(grid, resolved(options)),
  };
}

/** The coefficient at a position; samplers and drivers agree on the count, so it is always there. */
export function coefficientAt(inputs: SamplerInputs, index: number): Value {
  const value = inputs.coefficients[index];
  return value ?? inputs.latent.graph.scalar(0);
}
