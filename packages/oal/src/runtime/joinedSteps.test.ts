/** A training whose engine carries joined tensors is the same training: bits, and what is loaded and read by name. */
import {
  conv2d,
  float32Data,
  float32Tensor,
  joinedStepper,
  joinUpdates,
  mul,
  Random,
  reduceMean,
  relu,
  reshape,
  add,
  type Stepper,
  type Tensor,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { defaultWeight, ones, zeros } from "../nn/initialisers.js";
import type { TrainingOptions } from "../training/options.js";
import { buildTrainingStep, nextName } from "../training/step.js";
import type { TrainingTask } from "../training/task.js";
import { cpuEngine } from "./engines/cpu.js";

const engine = await cpuEngine({ threads: 1, blocked: false });

const task: TrainingTask = {
  inputs: { x: { dtype: "float32", shape: [2, 3, 6, 6] } },
  build(context, { x }) {
    if (!x) throw new Error("not declared");
    const weight = context.parameter("weight", [4, 3, 3, 3], defaultWeight);
    const bias = context.parameter("bias", [4], zeros, { decay: false });
    const scale = context.parameter("scale", [4], ones, { decay: false });
    const maps = relu(conv2d(x, weight, bias, { pads: 1 }));
    const found = add(mul(maps, reshape(scale, [4, 1, 1])), 1);
    const loss = reduceMean(mul(found, found), [0, 1, 2, 3]);
    return { total: loss, terms: { loss } };
  },
  batch: (step) => ({ x: float32Tensor([2, 3, 6, 6], new Random(step, "x").normals(0, 216)) }),
};

function made(options: Partial<TrainingOptions>) {
  const step = buildTrainingStep(task, {
    name: "tiny",
    seed: 1,
    steps: 3,
    optimizer: { id: "sgd", momentum: 0.9, weightDecay: 0.01 },
    schedule: { id: "constant", rate: 0.05, warmup: 0 },
    ...options,
  });
  const carried = step.stateNames.map((name) => ({ name, next: nextName(name) }));
  const scalars = step.graph.inputs.filter(({ rank, name }) => rank === 0 && !step.stateNames.includes(name));
  const feeds = (at: number): Record<string, Tensor> => ({
    ...Object.fromEntries(scalars.map(({ name }) => [name, float32Tensor([], [0.1])])),
    ...Object.fromEntries(Object.entries(task.batch(at)).map(([name, value]) => [`batch/${name}`, value])),
  });
  return { step, carried, feeds };
}

async function joined({ step, carried }: ReturnType<typeof made>): Promise<Stepper> {
  const whole = joinUpdates(step.graph, carried);
  expect(whole.joined.length).toBeGreaterThan(0);
  return joinedStepper(
    await engine.stepper(whole.graph, whole.carried),
    whole.joined,
    carried.map(({ name }) => name),
  );
}

describe("a joined step", () => {
  it.each<[string, Partial<TrainingOptions>, number]>([
    ["SGD with momentum and decay", {}, 4],
    ["AdamW with clipping and averages", { optimizer: { id: "adamw" }, ema: 0.9, clipNorm: 0.1 }, 4],
  ])("trains to the same bits: %s", async (_name, options, tensors) => {
    const training = made(options);
    expect(joinUpdates(training.step.graph, training.carried).carried.length).toBeLessThanOrEqual(tensors);
    const both = [await engine.stepper(training.step.graph, training.carried), await joined(training)];
    const states: Map<string, Tensor>[] = [];
    for (const stepper of both) {
      await stepper.load(training.step.initialState(1));
      for (let at = 0; at < 3; at++) await stepper.step(training.feeds(at));
      states.push(await stepper.read());
      await stepper.release();
    }
    expect([...(states[1] ?? [])]).toEqual([...(states[0] ?? [])]);
    expect(new Set(float32Data(states[0]?.get("weight") ?? float32Tensor([0], []))).size).toBeGreaterThan(20);
  });

  it("is loaded whole by one call, for which a device prepares a model", async () => {
    const training = made({});
    const whole = joinUpdates(training.step.graph, training.carried);
    const inner = await engine.stepper(whole.graph, whole.carried);
    const calls: string[][] = [];
    const stepper = joinedStepper(
      {
        ...inner,
        load: (state) => {
          calls.push([...state.keys()]);
          return inner.load(state);
        },
      },
      whole.joined,
      training.step.stateNames,
    );
    await stepper.load(training.step.initialState(1));
    expect(calls.map((names) => names.toSorted())).toEqual([
      whole.carried.map(({ name }) => name).toSorted(),
    ]);
    expect([...(await stepper.read())]).toEqual([...training.step.initialState(1)]);
    await stepper.load(new Map());
    expect(calls).toHaveLength(1);
    await stepper.release();
  });

  it("is loaded and read tensor by tensor", async () => {
    const training = made({});
    const stepper = await joined(training);
    const start = training.step.initialState(1);
    await expect(stepper.read()).rejects.toMatchObject({ code: "OAL-R111" });
    for (const [name, tensor] of start) {
      await expect(stepper.step(training.feeds(0))).rejects.toMatchObject({ code: "OAL-R102" });
      await stepper.load(new Map([[name, tensor]]));
      expect([...(await stepper.read([name]))]).toEqual([[name, tensor]]);
    }
    expect([...(await stepper.read()).keys()]).toEqual(training.step.stateNames);
    const bias = float32Tensor([4], [1, 2, 3, 4]);
    await stepper.load(new Map([["bias", bias]]));
    expect([...(await stepper.read(["scale", "bias"]))]).toEqual([
      ["scale", start.get("scale")],
      ["bias", bias],
    ]);
    await expect(stepper.load(new Map([["bias", float32Tensor([3], [1, 2, 3])]]))).rejects.toThrow(
      'input "bias": is float32[3], the step wants float32[4]',
    );
    await expect(stepper.load(new Map([["basis", bias]]))).rejects.toMatchObject({ code: "OAL-R111" });
    await expect(stepper.read(["basis"])).rejects.toMatchObject({ code: "OAL-R111" });
    await stepper.release();
  });
});
