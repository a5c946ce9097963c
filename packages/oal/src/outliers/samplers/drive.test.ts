/** One step of a sampler by hand: what velocities and guidance mean, and the order of the last step. */
import { float32Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { prepareSampler, type SamplerSetup } from "./drive.js";
import { ddim } from "./ddim.js";
import { dpmSolver2m } from "./dpmSolver2m.js";
import { gridOf, noiseSchedule, uniformTimesteps, type SamplingGrid } from "./schedule.js";
import { testEngine } from "../../testing/engine.js";

/** From a level of 0.36 to the clean end: x = 0.6 data + 0.8 noise. */
const grid: SamplingGrid = { timesteps: Float64Array.of(500), alphaBar: Float64Array.of(0.36, 1) };
const [data, noise] = [
  [1, -2, 0.5],
  [0.5, 1, -1],
];
const mixed = (a: number, b: number): number[] =>
  [0, 1, 2].map((i) => a * (data[i] ?? 0) + b * (noise[i] ?? 0));
const near = (values: readonly number[]): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, 5));

/** The end of one step from x, given the network's outputs. */
async function step(
  conditional: readonly number[],
  more: Partial<SamplerSetup> = {},
  unconditional: readonly number[] = conditional,
): Promise<number[]> {
  const run = await prepareSampler(testEngine, {
    sampler: ddim,
    grid,
    shape: [1, 3],
    options: {},
    guidance: 1,
    prediction: "epsilon",
    ...more,
  });
  const end = await run.run(Float32Array.from(mixed(0.6, 0.8)), () =>
    Promise.resolve({
      conditional: float32Tensor([1, 3], conditional),
      unconditional: float32Tensor([1, 3], unconditional),
    }),
  );
  await run.release();
  return [...end];
}

describe("a step to the end of the grid", () => {
  it.each([ddim, dpmSolver2m])("by $id gives the clean latent for the true noise", async (sampler) => {
    expect(await step(noise, { sampler })).toEqual(near(data));
  });

  it("takes a velocity as sqrt(level) noise - sqrt(1 - level) data", async () => {
    expect(await step(mixed(-0.8, 0.6), { prediction: "v_prediction" })).toEqual(near(data));
  });

  it("guides from the unconditional prediction towards the conditional one and beyond", async () => {
    // u + 3 (c - u) is the true noise for c = u + (noise - u) / 3.
    const u = [2, 0, 1];
    const c = u.map((value, i) => value + ((noise[i] ?? 0) - value) / 3);
    expect(await step(c, { guidance: 3 }, u)).toEqual(near(data));
    expect(await step(noise, { guidance: 1 }, u)).toEqual(near(data));
  });
});

describe("DPM-Solver++(2M)", () => {
  /** Coefficient of the previous data prediction in the last step. */
  const back = (steps: number, options = {}): number => {
    const made = gridOf(noiseSchedule(), uniformTimesteps(steps));
    return dpmSolver2m.coefficients(made, options).at(-1)?.[4] ?? NaN;
  };

  it("ends with a first-order step when there are fewer than 15, unless told otherwise", () => {
    expect(Math.abs(back(10))).toBe(0);
    expect(Math.abs(back(20))).toBeGreaterThan(0.01);
    expect(Math.abs(back(10, { lowerOrderFinal: false }))).toBeGreaterThan(0.01);
    expect(Math.abs(back(20, { lowerOrderFinal: true }))).toBe(0);
  });

  it("starts with a first-order step", () => {
    const [first, second] = dpmSolver2m.coefficients(gridOf(noiseSchedule(), uniformTimesteps(20)), {});
    expect(Math.abs(first?.[4] ?? NaN)).toBe(0);
    expect(Math.abs(second?.[4] ?? NaN)).toBeGreaterThan(0.01);
  });
});
