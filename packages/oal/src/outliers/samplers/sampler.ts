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

/** One diffusion sampler. Its functions throw OAL-C208 for options that it does not have, or that its schema refuses. */
export interface Sampler {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Its options: type, range, default and description. */
  readonly schema: z.ZodObject;
  /** What the coefficients of a step mean, in order. */
  readonly coefficientNames: readonly string[];
  /** Whether steps take fresh noise under these options. */
  usesNoise(options: SamplerOptions): boolean;
  /** Coefficients of every step, [steps][coefficientNames.length], in float64. */
  coefficients(grid: SamplingGrid, options: SamplerOptions): number[][];
  /** One step: the next latent and the prediction of the clean latent, as graph values. */
  update(inputs: SamplerInputs): { readonly latent: Value; readonly dataPrediction: Value };
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
