/** Epochs that end in a smaller step: two graphs, one state. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Data, float32Tensor, mul, reduceMean, type Tensor } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { ones } from "../nn/initialisers.js";
import { testEngine } from "../testing/engine.js";
import type { TrainingOptions } from "./options.js";
import { withRest, type TrainingTask } from "./task.js";
import { train } from "./trainer.js";

const folder = mkdtempSync(join(tmpdir(), "oal-rest-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** loss = weight * mean of `rows` slopes. */
const line = (rows: number, slope: (step: number) => number): TrainingTask => ({
  inputs: { x: { dtype: "float32", shape: [rows] } },
  build: (context, inputs) => {
    const given = inputs["x"];
    if (!given) throw new Error("no input");
    return { total: reduceMean(mul(context.parameter("weight", [1], ones), given), [0]), terms: {} };
  },
  batch: (step): Record<string, Tensor> => ({
    x: float32Tensor(
      [rows],
      Array.from({ length: rows }, () => slope(step)),
    ),
  }),
});

const options: TrainingOptions = {
  name: "test",
  seed: 1,
  steps: 5,
  optimizer: { id: "sgd", momentum: 0.5, nesterov: false },
  schedule: { id: "constant", rate: 0.1, warmup: 0 },
};
const task = withRest(
  line(4, (step) => step + 1),
  line(2, () => 10),
  2,
);

it("goes on with the state of the other, momentum included", async () => {
  const { parameters } = await train(testEngine, task, options);
  let [weight, momentum] = [1, 0];
  for (const slope of [1, 10, 3, 10, 5]) {
    momentum = 0.5 * momentum + slope;
    weight -= 0.1 * momentum;
  }
  expect(float32Data(parameters.get("weight") ?? float32Tensor([0], []))[0]).toBeCloseTo(weight, 5);
});

it("is the same after a stop at any step", async () => {
  const whole = await train(testEngine, task, options);
  for (const stop of [1, 2, 3, 4]) {
    const checkpointFolder = join(folder, String(stop));
    let steps = 0;
    const first = await train(
      testEngine,
      task,
      { ...options, checkpointFolder },
      undefined,
      () => ++steps === stop,
    );
    expect(first.finished).toBe(false);
    const second = await train(testEngine, task, { ...options, checkpointFolder });
    expect(second.parameters).toEqual(whole.parameters);
  }
});
