/** What one step does to one parameter: its own rate, its group's rate and its decay, by hand. */
import { float32Data, float32Tensor, Graph, mul, reduceSum, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext, type ParameterOptions } from "../nn/context.js";
import { ones } from "../nn/initialisers.js";
import { airbench } from "../nn/networks/airbench.js";
import type { OptimizerOptions, TrainingOptions } from "./options.js";
import type { TrainingTask } from "./task.js";
import { train } from "./trainer.js";
import { testEngine } from "../testing/engine.js";

/** loss = slope * weight, so that the gradient is the slope. */
const line = (slope: number, parameter: ParameterOptions): TrainingTask => ({
  inputs: { x: { dtype: "float32", shape: [1] } },
  build: (context, inputs) => {
    const given = inputs["x"];
    if (!given) throw new Error("no input");
    const total = reduceSum(mul(context.parameter("part.weight", [1], ones, parameter), given), [0]);
    return { total, terms: {} };
  },
  batch: (): Record<string, Tensor> => ({ x: float32Tensor([1], [slope]) }),
});

/** The weight after one step from 1. */
async function after(
  slope: number,
  parameter: ParameterOptions,
  optimizer: OptimizerOptions,
  more: Partial<TrainingOptions> = {},
): Promise<number> {
  const { parameters } = await train(testEngine, line(slope, parameter), {
    name: "test",
    seed: 1,
    steps: 1,
    optimizer,
    schedule: { id: "constant", rate: 0.001, warmup: 0 },
    ...more,
  });
  const weight = parameters.get("part.weight");
  return weight ? (float32Data(weight)[0] ?? NaN) : NaN;
}

const sgd: OptimizerOptions = { id: "sgd", momentum: 0, nesterov: false };

describe("one step of one parameter", () => {
  it("goes at the parameter's own rate, times its group's", async () => {
    expect(await after(1, {}, sgd)).toBeCloseTo(1 - 0.001, 6);
    expect(await after(1, { rate: 64 }, sgd)).toBeCloseTo(1 - 0.064, 6);
    const groupRates = { part: 3 };
    expect(await after(1, { rate: 64 }, sgd, { groupRates })).toBeCloseTo(1 - 0.192, 6);
  });

  it("is decayed no faster where the rate is multiplied, with SGD", async () => {
    const optimizer = { ...sgd, weightDecay: 50 };
    expect(await after(0, {}, optimizer)).toBeCloseTo(1 - 0.05, 6);
    expect(await after(0, { rate: 8 }, optimizer)).toBeCloseTo(1 - 0.05, 6);
    expect(await after(0, {}, optimizer, { groupRates: { part: 8 } })).toBeCloseTo(1 - 0.05, 6);
    // A slow group is decayed as slowly as it learns.
    expect(await after(0, { rate: 0.5 }, optimizer)).toBeCloseTo(1 - 0.025, 6);
  });

  it("is decayed everywhere and at its group's rate, or nowhere but in matrices, where that is asked", async () => {
    const optimizer = { ...sgd, weightDecay: 50 };
    const [all, weights] = [{ decayOn: "all" }, { decayOn: "weights" }] as const;
    expect(await after(0, { decay: false }, optimizer)).toBe(1);
    expect(await after(0, { decay: false }, optimizer, all)).toBeCloseTo(1 - 0.05, 6);
    expect(await after(0, {}, optimizer, { ...all, groupRates: { part: 8 } })).toBeCloseTo(1 - 0.4, 6);
    expect(await after(0, {}, optimizer, weights)).toBe(1);
  });

  it("is decayed by rate times decay with AdamW, whose decay is decoupled", async () => {
    const optimizer: OptimizerOptions = { id: "adamw", weightDecay: 50 };
    expect(await after(0, {}, optimizer)).toBeCloseTo(1 - 0.05, 6);
    expect(await after(0, { rate: 8 }, optimizer)).toBeCloseTo(1 - 0.4, 6);
  });

  it("is not decayed where the network says so", async () => {
    expect(await after(0, { decay: false }, { ...sgd, weightDecay: 50 })).toBe(1);
  });
});

describe("steps in a row", () => {
  it("take the rate that the schedule has at their number, counted from 0", async () => {
    // Warm-up over three steps: factors 1/4, 2/4, 3/4, then 1.
    const schedule = { id: "constant", rate: 0.001, warmup: 0.75 } as const;
    expect(await after(1, {}, sgd, { steps: 4, schedule })).toBeCloseTo(1 - 0.001 * 2.5, 6);
    const told: (number | undefined)[] = [];
    const options = { name: "test", seed: 1, steps: 4, optimizer: sgd, schedule, threads: 1, logEvery: 1 };
    await train(testEngine, line(1, {}), options, ({ kind, learningRate }) => {
      if (kind === "loss") told.push(learningRate);
    });
    expect(told).toEqual([0.25, 0.5, 0.75, 1].map((f): unknown => expect.closeTo(f * 0.001, 9)));
  });
});

describe("airbench", () => {
  it("moves the biases of its normalisations 64 times as fast, without decay, and no other parameter", () => {
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const images = graph.input("x", { dtype: "float32", shape: [2, 3, 16, 16] });
    airbench.build(context, images, { classes: 3, imageSize: 16, widths: [4, 4, 4] });
    const trained = context.specs.filter(({ kind }) => kind === "parameter");
    const biases = trained.filter(({ name }) => name.endsWith(".bias"));
    expect(biases.map(({ name }) => name)).toEqual(
      [1, 2, 3].flatMap((block) => [1, 2].map((norm) => `block${block}.norm${norm}.bias`)),
    );
    for (const { name, rate, decay } of trained)
      expect([name, rate, decay]).toEqual(name.endsWith(".bias") ? [name, 64, false] : [name, 1, true]);
  });
});
