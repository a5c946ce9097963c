import { expect, test } from "vitest";
import { float32Data, float32Tensor, toNumbers, type Tensor } from "oal-core";
import { expectClose, type GoldenCase } from "../../testing/golden.js";
import { goldenSuite, unknownKind } from "../../testing/goldenSuite.js";
import { ddim } from "./ddim.js";
import { prepareSampler, type Predictions } from "./drive.js";
import { samplers } from "./index.js";
import type { SamplerOptions } from "./sampler.js";
import {
  gridOf,
  halfLogSnr,
  logSnrGrid,
  noiseSchedule,
  quadraticTimesteps,
  uniformTimesteps,
  type SamplingGrid,
} from "./schedule.js";
import { testEngine } from "../../testing/engine.js";

/** The reference set's analytic denoiser; see its README. */
function denoiser(golden: GoldenCase, condition: Tensor): (latent: Tensor, time: number) => Tensor {
  const parameter = (name: string): number[] => toNumbers(golden.tensor(`denoiser.${name}`));
  const [a, b, omega, phi, k] = [
    parameter("A"),
    parameter("B"),
    parameter("omega"),
    parameter("phi"),
    parameter("k"),
  ];
  const [batch = 0, tokens = 0, dim = 0] = condition.shape;
  const values = float32Data(condition);
  const channels = k.length;
  const shift = Array.from({ length: batch * channels }, (_, at) => {
    const [n, o] = [Math.floor(at / channels), at % channels];
    let sum = 0;
    for (let l = 0; l < tokens; l++)
      for (let j = 0; j < dim; j++)
        sum += ((b[o * dim + j] ?? 0) * (values[(n * tokens + l) * dim + j] ?? 0)) / tokens;
    return sum;
  });
  return (latent, time) => {
    const x = float32Data(latent);
    const area = x.length / (batch * channels);
    const out = new Float32Array(x.length);
    for (let n = 0; n < batch; n++)
      for (let o = 0; o < channels; o++)
        for (let p = 0; p < area; p++) {
          let sum =
            (shift[n * channels + o] ?? 0) + Math.sin(((omega[o] ?? 0) * time) / 1000 + (phi[o] ?? 0));
          for (let i = 0; i < channels; i++)
            sum += (a[o * channels + i] ?? 0) * (x[(n * channels + i) * area + p] ?? 0);
          out[(n * channels + o) * area + p] =
            (k[o] ?? 0) * (x[(n * channels + o) * area + p] ?? 0) + 0.25 * Math.tanh(sum);
        }
    return float32Tensor(latent.shape, out);
  };
}

async function follow(golden: GoldenCase, id: string, grid: SamplingGrid, options: SamplerOptions) {
  const start = golden.tensor("x_T");
  const guidance = Number(golden.hyper["guidance_scale"]);
  const conditional = denoiser(golden, golden.tensor("cond"));
  const unconditional = golden.has("uncond") ? denoiser(golden, golden.tensor("uncond")) : conditional;
  const run = await prepareSampler(testEngine, {
    sampler: samplers.find(id),
    grid,
    options,
    shape: start.shape,
    guidance,
    prediction: "epsilon",
  });
  const latents = [...float32Data(start)];
  const data: number[] = [];
  const guided: number[][] = [];
  const size = start.data.length;
  const noises = golden.has("noise")
    ? float32Data(golden.tensor("noise"))
    : new Float32Array(size * grid.timesteps.length);
  const predict = async (latent: Tensor, time: number, step: number): Promise<Predictions> => {
    const both = { conditional: conditional(latent, time), unconditional: unconditional(latent, time) };
    const [c, u] = [toNumbers(both.conditional), toNumbers(both.unconditional)];
    // the first prediction of a step is at its latent; what is asked beside it lies on the way
    guided[step] ??= c.map((value, i) => (u[i] ?? 0) + guidance * (value - (u[i] ?? 0)));
    return both;
  };
  const end = await run.run(
    float32Data(start),
    predict,
    (step) => noises.slice(step * size, (step + 1) * size),
    (_, latent, prediction) => {
      for (const value of latent) latents.push(value);
      for (const value of prediction) data.push(value);
    },
  );
  await run.release();
  return { latents, data, noises: guided.flat(), end };
}

function scheduleOf(golden: GoldenCase) {
  const { beta_start: betaStart, beta_end: betaEnd, num_timesteps: timesteps } = golden.hyper;
  return noiseSchedule(
    betaStart === undefined
      ? {}
      : { betaStart: Number(betaStart), betaEnd: Number(betaEnd), timesteps: Number(timesteps) },
  );
}

async function checkUniformGrid(golden: GoldenCase): Promise<void> {
  const { hyper } = golden;
  const schedule = scheduleOf(golden);
  const grid = gridOf(schedule, uniformTimesteps(Number(hyper["S"]), schedule.betas.length));
  expectClose(grid.timesteps, golden.entry("timesteps"));
  expectClose(grid.alphaBar.slice(0, -1), golden.entry("alphas"));
  expectClose(grid.alphaBar.slice(1), golden.entry("alphas_prev"));
  const options = hyper["sampler"] === "ddim" ? { eta: Number(hyper["eta"]) } : {};
  const rows = hyper["sampler"] === "ddim" ? ddim.coefficients(grid, options) : [];
  expectClose(
    Array.from(grid.timesteps, (_, step) => rows[step]?.[4] ?? 0),
    golden.entry("sigmas"),
  );
  const result = await follow(golden, String(hyper["sampler"]), grid, options);
  expectClose(result.latents, golden.entry("x"));
  expectClose(result.data, golden.entry("pred_x0"));
  if (golden.has("eps")) expectClose(result.noises, golden.entry("eps"));
}

async function checkSolver(golden: GoldenCase): Promise<void> {
  const { hyper } = golden;
  const schedule = scheduleOf(golden);
  const timesteps = Float64Array.from(toNumbers(golden.tensor("timesteps")));
  const grid = { timesteps, alphaBar: Float64Array.from(toNumbers(golden.tensor("alpha_bar"))) };
  expectClose(grid.alphaBar.map(Math.sqrt), golden.entry("alpha"));
  expectClose(
    grid.alphaBar.map((level) => Math.sqrt(1 - level)),
    golden.entry("sigma"),
  );
  expectClose(grid.alphaBar.map(halfLogSnr), golden.entry("lambda"));
  if (hyper["grid"] === "ddim-uniform") {
    const ours = gridOf(schedule, uniformTimesteps(Number(hyper["steps"]), schedule.betas.length));
    expect([...ours.timesteps]).toEqual([...timesteps]);
    ours.alphaBar.forEach((level, i) => expect(level).toBeCloseTo(grid.alphaBar[i] ?? 0, 12));
  }
  const result = await follow(golden, "dpmSolver2m", grid, {
    lowerOrderFinal: hyper["lower_order_final"] === true,
  });
  expectClose(result.latents, golden.entry("x"));
  expectClose(result.data, golden.entry("pred_x0"));
}

function checkTimesteps(golden: GoldenCase): void {
  const total = Number(golden.hyper["num_timesteps"]);
  for (const entry of golden.tensors) {
    const steps = Number(entry.raw["S"] ?? golden.hyper["S"]);
    expectClose(
      entry.name === "timesteps" ? quadraticTimesteps(steps, total) : uniformTimesteps(steps, total),
      entry,
    );
  }
}

async function checkConvergence(golden: GoldenCase): Promise<void> {
  const solution = toNumbers(golden.tensor("solution"));
  const errors: Record<string, number[]> = { ddim: [], dpmSolver2m: [] };
  for (const steps of toNumbers(golden.tensor("steps"))) {
    const grid = logSnrGrid(
      scheduleOf(golden),
      steps,
      Number(golden.hyper["t_start"]),
      Number(golden.hyper["t_end"]),
    );
    for (const [id, list] of Object.entries(errors)) {
      const { end } = await follow(golden, id, grid, id === "ddim" ? {} : { lowerOrderFinal: false });
      list.push(end.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (solution[i] ?? 0))), 0));
    }
  }
  expectClose(errors["ddim"] ?? [], golden.entry("error_ddim"));
  expectClose(errors["dpmSolver2m"] ?? [], golden.entry("error_dpmpp2m"));
}

goldenSuite("samplers", {
  check: (golden) => {
    const { sampler } = golden.hyper;
    if (sampler === "ddim" || sampler === "plms") return checkUniformGrid(golden);
    if (sampler === "dpm-solver++") return checkSolver(golden);
    if (sampler !== undefined) return unknownKind(golden);
    if (golden.has("error_ddim")) return checkConvergence(golden);
    if (golden.id.startsWith("timesteps")) return checkTimesteps(golden);
    if (!golden.has("betas")) return unknownKind(golden);
    const schedule = scheduleOf(golden);
    expectClose(schedule.betas, golden.entry("betas"));
    expectClose(schedule.alphaBar, golden.entry("alphas_cumprod"));
  },
  leaves: ({ name }) =>
    name === "solution"
      ? "the solution of the differential equation, which errors are measured from"
      : undefined,
});

test("the exact denoiser of standard normal data: known end values (METHOD 4.2)", async () => {
  const schedule = noiseSchedule();
  const want: readonly (readonly [string, number, number])[] = [
    ["ddim", 20, 0.936859],
    ["dpmSolver2m", 10, 1.115283],
    ["plms", 10, 0.992718],
    ["plms", 50, 0.999432],
  ];
  for (const [id, steps, end] of want) {
    const grid = gridOf(schedule, uniformTimesteps(steps));
    const run = await prepareSampler(testEngine, {
      sampler: samplers.find(id),
      grid,
      shape: [1],
      options: id === "dpmSolver2m" ? { lowerOrderFinal: true } : {},
      guidance: 1,
      prediction: "epsilon",
    });
    const predict = async (latent: Tensor, time: number): Promise<Predictions> => {
      const scale = Math.sqrt(1 - (schedule.alphaBar[time] ?? 0));
      return { conditional: float32Tensor([1], [(float32Data(latent)[0] ?? 0) * scale]) };
    };
    expect((await run.run(Float32Array.of(1), predict))[0]).toBeCloseTo(end, 4);
    await run.release();
  }
});

test("timesteps outside the schedule and unknown samplers are refused", () => {
  expect(() => gridOf(noiseSchedule(), uniformTimesteps(3))).toThrow(/1000/);
  expect(() => samplers.find("ddin")).toThrow(/did you mean "ddim"/);
});
