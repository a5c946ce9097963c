/**
 * Noise schedule and time grids of diffusion models, in float64 (METHOD 4.2). A grid is data: the times at which the
 * denoiser is asked and the noise level between them; samplers turn a grid into coefficients.
 */
import { oalError } from "oal-core";

/** Parameters of a schedule. */
export interface ScheduleOptions {
  /** First beta. Default 0.00085, Stable Diffusion's. */
  readonly betaStart?: number;
  /** Last beta. Default 0.012. */
  readonly betaEnd?: number;
  /** Number of training timesteps. Default 1000. */
  readonly timesteps?: number;
  /** Whether the betas or their square roots lie on a line. Default "scaled_linear": the roots. */
  readonly form?: "scaled_linear" | "linear";
}

/** A noise schedule by timestep. */
export interface NoiseSchedule {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betas: Float64Array;
  /** ᾱ_t = Π_{k<=t} (1 - β_k). */
  readonly alphaBar: Float64Array;
}

/** Times and noise levels of a sampling run. */
export interface SamplingGrid {
  /** Denoiser times, descending, [steps]; real numbers. */
  readonly timesteps: Float64Array;
  /** ᾱ at each of them and at the end, [steps + 1]. */
  readonly alphaBar: Float64Array;
}

/** β_t = (√βstart + t/(T-1) (√βend - √βstart))², Stable Diffusion's "scaled linear" schedule; without roots and square: "linear". */
export function noiseSchedule(options: ScheduleOptions = {}): NoiseSchedule {
  const { betaStart = 0.00085, betaEnd = 0.012, timesteps = 1000, form = "scaled_linear" } = options;
  const power = form === "linear" ? 1 : 2;
  if (
    !(betaStart > 0 && betaEnd < 1 && betaStart <= betaEnd) ||
    !Number.isInteger(timesteps) ||
    timesteps < 2
  ) {
    refuse("schedule", `betas ${betaStart} to ${betaEnd} over ${timesteps} steps do not make a schedule`);
  }
  const betas = new Float64Array(timesteps);
  const alphaBar = new Float64Array(timesteps);
  let product = 1;
  for (let t = 0; t < timesteps; t++) {
    const [first, last] = [betaStart ** (1 / power), betaEnd ** (1 / power)];
    betas[t] = (first + (t / (timesteps - 1)) * (last - first)) ** power;
    product *= 1 - (betas[t] ?? 0);
    alphaBar[t] = product;
  }
  return { betaStart, betaEnd, betas, alphaBar };
}

/** Uniform timesteps 1 + i * floor(T / steps), ascending. More than `steps` values when `steps` does not divide T. */
export function uniformTimesteps(steps: number, total = 1000): number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > total)
    refuse("steps", `${steps} is not between 1 and ${total}`);
  const stride = Math.floor(total / steps);
  return Array.from({ length: Math.ceil(total / stride) }, (_, i) => i * stride + 1);
}

/** Quadratic timesteps floor(linspace(0, √(0.8 T), steps)²) + 1, ascending. */
export function quadraticTimesteps(steps: number, total = 1000): number[] {
  if (!Number.isInteger(steps) || steps < 2 || steps > total)
    refuse("steps", `${steps} is not between 2 and ${total}`);
  const end = Math.sqrt(0.8 * total);
  return Array.from({ length: steps }, (_, i) => Math.floor(((end * i) / (steps - 1)) ** 2) + 1);
}

/**
 * The grid of ascending integer timesteps: sampled downwards, each step ends at the next lower one, the last at ᾱ_0.
 *
 * @throws OAL-C202 when a timestep lies outside the schedule
 */
export function gridOf(schedule: NoiseSchedule, ascending: readonly number[]): SamplingGrid {
  const level = (t: number): number =>
    schedule.alphaBar[t] ??
    refuse(
      "steps",
      `${ascending.length} steps need timestep ${t}, the schedule ends at ${schedule.alphaBar.length - 1}`,
    );
  const timesteps = Float64Array.from([...ascending].reverse());
  return { timesteps, alphaBar: Float64Array.from([...Array.from(timesteps, level), level(0)]) };
}

/** λ = ln(α/σ) = ½ ln(ᾱ / (1 - ᾱ)): half the log signal-to-noise ratio. */
export function halfLogSnr(alphaBar: number): number {
  return 0.5 * Math.log(alphaBar / (1 - alphaBar));
}

/**
 * A grid uniform in λ from time `start` down to time `end`, with ln ᾱ linear between integer timesteps. Times are real.
 */
export function logSnrGrid(schedule: NoiseSchedule, steps: number, start: number, end: number): SamplingGrid {
  const logs = schedule.alphaBar.map(Math.log);
  const logAt = (t: number): number => {
    const below = Math.min(logs.length - 2, Math.floor(t));
    return (logs[below] ?? 0) + (t - below) * ((logs[below + 1] ?? 0) - (logs[below] ?? 0));
  };
  const [first, last] = [halfLogSnr(Math.exp(logAt(start))), halfLogSnr(Math.exp(logAt(end)))];
  const alphaBar = Float64Array.from(
    { length: steps + 1 },
    (_, i) => 1 / (1 + Math.exp(-2 * (first + ((last - first) * i) / steps))),
  );
  const timesteps = Float64Array.from(alphaBar.subarray(0, steps), (level) => {
    const wanted = Math.log(level);
    const above = Math.max(
      1,
      logs.findIndex((value) => value <= wanted),
    );
    const [high, low] = [logs[above - 1] ?? 0, logs[above] ?? 0];
    return above - 1 + (high - wanted) / (high - low);
  });
  return { timesteps, alphaBar };
}

function refuse(option: string, problem: string): never {
  throw oalError("OAL-C202", { where: "diffusion sampling", at: `synthesis.${option}`, problem });
}
