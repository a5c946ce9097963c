/**
 * Runs a sampler: asks a denoiser at every time of the grid and applies the update graph. The denoiser is a function, so
 * that our own network, Stable Diffusion's and an analytic one take the same path.
 */
import {
  Graph,
  add,
  float32Tensor,
  mul,
  oalError,
  sizeOf,
  sub,
  type Engine,
  type Session,
  type Shape,
  type Tensor,
  type Value,
} from "oal-core";
import { evaluationsOf, type Sampler, type SamplerOptions } from "./sampler.js";
import type { SamplingGrid } from "./schedule.js";

/** What the network predicts: the noise e, or v = √ᾱ e - √(1-ᾱ) x0. */
export type PredictionType = "epsilon" | "v_prediction";

/** Network outputs at one time: with the condition, and without it when guided. */
export interface Predictions {
  readonly conditional: Tensor;
  /** Absent without guidance. */
  readonly unconditional?: Tensor;
}

/** A compiled sampler for one latent shape. */
export interface SamplerRun {
  /**
   * Samples from `start` (standard normal at the grid's first level) down the grid.
   *
   * @param predict  network outputs for a latent at a time; a sampler may ask more than once in a step
   * @param noise  fresh standard normal numbers of a step; required when the sampler uses noise
   * @param onStep  told the latent and data prediction after each step
   */
  run(
    start: Float32Array,
    predict: (latent: Tensor, time: number, step: number) => Promise<Predictions>,
    noise?: (step: number) => Float32Array,
    onStep?: (step: number, latent: Float32Array, dataPrediction: Float32Array) => void,
  ): Promise<Float32Array>;
  release(): Promise<void>;
}

/** What is known inside one evaluation, as values of the update graph; all of the latent's shape but the scalar. */
export interface Steering {
  readonly latent: Value;
  /** Network outputs, with the condition and with what guidance starts from; without guidance both are the former. */
  readonly conditional: Value;
  readonly unconditional: Value;
  /** ᾱ of the latent, a float32 scalar. */
  readonly level: Value;
  /** The noise that a network output predicts in the latent. */
  readonly noiseOf: (output: Value) => Value;
}

/**
 * What the noise in a latent is taken to be, as a graph function of the predictions: in place of
 * noiseOf(unconditional + guidance (conditional − unconditional)).
 */
export type Steer = (inputs: Steering, guidance: number) => Value;

/** Guidance without a classifier: e = noiseOf(u + w (c − u)). @source Ho and Salimans 2022, equation 6 */
export const classifierFree: Steer = ({ conditional, unconditional, noiseOf }, guidance) =>
  noiseOf(guidance === 1 ? conditional : add(unconditional, mul(sub(conditional, unconditional), guidance)));

/** Everything that fixes the update graph and its coefficients. */
export interface SamplerSetup {
  readonly sampler: Sampler;
  readonly grid: SamplingGrid;
  readonly options: SamplerOptions;
  readonly shape: Shape;
  /** e = e_u + w (e_c - e_u); 1 asks for the conditional prediction alone. */
  readonly guidance: number;
  readonly prediction: PredictionType;
  /** Whether there are two predictions. Default: with guidance there are. */
  readonly isPaired?: boolean;
  /** Default: guidance without a classifier. */
  readonly steer?: Steer;
}

/** Compiles guidance, conversion to a noise prediction and the sampler's update into one graph. */
export async function prepareSampler(engine: Engine, setup: SamplerSetup): Promise<SamplerRun> {
  const { sampler, grid, options, shape, prediction } = setup;
  const names = ["toNoiseFromLatent", "toNoiseFromOutput", "level", ...sampler.coefficientNames];
  const states = sampler.stateNames ?? [];
  const session: Session = await engine.compile(updateGraph(setup, names));
  const coefficients = sampler.coefficients(grid, options);
  const table = evaluationsOf(sampler, grid).map((evaluation, i) => {
    const level = grid.alphaBar[evaluation.at] ?? 1;
    const conversion = prediction === "epsilon" ? [0, 1] : [Math.sqrt(1 - level), Math.sqrt(level)];
    return { ...evaluation, row: [...conversion, level, ...(coefficients[i] ?? [])] };
  });
  const zero = float32Tensor(shape, new Float32Array(sizeOf(shape)));
  const paired = isPaired(setup);
  return {
    run: async (start, predict, noise, onStep) => {
      if (sampler.usesNoise(options) && !noise)
        throw oalError("OAL-X101", { problem: `${sampler.id} needs a noise source` });
      let latent = float32Tensor(shape, start);
      let carried = Object.fromEntries(["dataPrediction", ...states].map((name) => [name, zero]));
      for (const { step, at, completes, row } of table) {
        const { conditional, unconditional } = await predict(latent, grid.timesteps[at] ?? 0, step);
        const feeds: Record<string, Tensor> = { latent, conditional };
        for (const [name, tensor] of Object.entries(carried)) feeds[`carried.${name}`] = tensor;
        feeds["noise"] = sampler.usesNoise(options) && noise ? float32Tensor(shape, noise(step)) : zero;
        if (paired) feeds["unconditional"] = unconditional ?? conditional;
        names.forEach((name, i) => (feeds[name] = float32Tensor([], [row[i] ?? 0])));
        const results = await session.run(feeds);
        latent = outputOf(results, "latent.next");
        carried = Object.fromEntries(Object.keys(carried).map((name) => [name, outputOf(results, name)]));
        if (completes) onStep?.(step, dataOf(latent), dataOf(outputOf(results, "dataPrediction")));
      }
      return dataOf(latent);
    },
    release: () => session.release(),
  };
}

function isPaired({ guidance, isPaired: asked = guidance !== 1 }: SamplerSetup): boolean {
  return asked;
}

function updateGraph(setup: SamplerSetup, names: readonly string[]): Graph {
  const { sampler, shape, guidance, steer = classifierFree } = setup;
  const graph = new Graph();
  const input = (name: string, of: Shape = shape) => graph.input(name, { dtype: "float32", shape: of });
  const [latent, noise, conditional] = [input("latent"), input("noise"), input("conditional")];
  const previous = input("carried.dataPrediction");
  const states = sampler.stateNames ?? [];
  const state = states.map((name) => input(`carried.${name}`));
  const coefficients = names.map((name) => input(name, []));
  const [fromLatent, fromOutput, level = graph.scalar(1), ...rest] = coefficients;
  const unconditional = isPaired(setup) ? input("unconditional") : conditional;
  const noiseOf = (output: Value): Value => add(mul(latent, fromLatent ?? 0), mul(output, fromOutput ?? 1));
  const noisePrediction = steer({ latent, conditional, unconditional, level, noiseOf }, guidance);
  const next = sampler.update({ latent, noisePrediction, previous, noise, state, coefficients: rest });
  graph.output("latent.next", next.latent);
  graph.output("dataPrediction", next.dataPrediction);
  states.forEach((name, i) => graph.output(name, next.state?.[i] ?? latent));
  return graph;
}

function outputOf(results: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = results[name];
  if (!tensor) throw oalError("OAL-X101", { problem: `the sampler graph gave no ${name}` });
  return tensor;
}

function dataOf(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  throw oalError("OAL-X101", { problem: "the sampler graph gave another element type" });
}
