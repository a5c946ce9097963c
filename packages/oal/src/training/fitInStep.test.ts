import { float32Data, float32Tensor, mul, pow, reduceMean, reduceSum, sub } from "oal-core";
import { describe, expect, it } from "vitest";
import type { Context } from "../nn/context.js";
import { ones, zeros } from "../nn/initialisers.js";
import { fitInStep } from "./fitInStep.js";
import type { TrainingTask } from "./task.js";
import { train } from "./trainer.js";
import { testEngine } from "../testing/engine.js";

const target = [0.5, -0.25];
const [rate, beta1, beta2, epsilon] = [0.05, 0.9, 0.999, 1e-8];

/** The part q (start 0) is fitted to `target`; the outer loss q . w moves w only. */
const task = (steps: number): TrainingTask => ({
  inputs: { target: { dtype: "float32", shape: [2] } },
  build: (context, inputs) => {
    const given = inputs["target"];
    if (!given) throw new Error("no input");
    const q = (part: Context) => part.parameter("q", [2], zeros);
    const { fitted, loss } = fitInStep(context.child("part"), steps, rate, (part) =>
      reduceMean(pow(sub(q(part), given), 2), [0]),
    );
    const outer = reduceSum(mul(q(fitted), context.parameter("w", [2], ones)), [0]);
    return { total: outer, terms: { fit: loss } };
  },
  batch: () => ({ target: float32Tensor([2], target) }),
});

/** The same by plain arithmetic: `count` steps of Adam from 0. */
function adam(count: number): number[] {
  return target.map((goal) => {
    let [value, first, second] = [0, 0, 0];
    for (let step = 1; step <= count; step++) {
      const slope = value - goal; // of the mean over two elements
      first = beta1 * first + (1 - beta1) * slope;
      second = beta2 * second + (1 - beta2) * slope * slope;
      value -= ((rate / (1 - beta1 ** step)) * first) / (Math.sqrt(second / (1 - beta2 ** step)) + epsilon);
    }
    return value;
  });
}

async function fit(steps: number, outerSteps: number) {
  const losses: number[] = [];
  const { parameters } = await train(
    testEngine,
    task(steps),
    {
      name: "fit",
      seed: 0,
      steps: outerSteps,
      optimizer: { id: "sgd", momentum: 0, nesterov: false },
      schedule: { id: "constant", rate: 1, warmup: 0 },
      logEvery: 1,
    },
    ({ kind, terms }) => {
      if (kind === "loss") losses.push(terms?.["fit"] ?? Number.NaN);
    },
  );
  const of = (name: string): number[] => {
    const tensor = parameters.get(name);
    return tensor ? [...float32Data(tensor)] : [];
  };
  return { q: of("part.q"), w: of("w"), losses };
}

describe("fitInStep", () => {
  it("takes Adam's steps, with moments that carry over from step to step", async () => {
    const { q, losses } = await fit(3, 4);
    adam(12).forEach((value, i) => expect(q[i]).toBeCloseTo(value, 5));
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1] ?? 0);
  });

  it("is no parameter of the outer optimiser, which sees the fitted values", async () => {
    const { q, w } = await fit(2, 1);
    q.forEach((value, i) => expect(w[i]).toBeCloseTo(1 - value, 6));
  });

  it("leaves the part as it is with no steps", async () => {
    const { q, losses } = await fit(0, 2);
    expect(q).toEqual([0, 0]);
    expect(losses[0]).toBeCloseTo((0.25 + 0.0625) / 2, 6);
  });
});
