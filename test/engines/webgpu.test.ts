/**
 * The WebGPU engine against the CPU engine: small graphs, on SwiftShader where it is installed. A process of its own: the environment
 * chooses the driver, which could end the process.
 */
import {
  add,
  float32Data,
  float32Tensor,
  Graph,
  logSoftmax,
  logSumExp,
  mul,
  Random,
  reduceMean,
  slice,
  type Engine,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { ones } from "../../packages/oal/src/nn/initialisers.js";
import { cpuEngine, makeEngine } from "../../packages/oal/src/runtime/engines/index.js";
import { selfTest } from "../../packages/oal/src/runtime/engines/selfTest.js";
import type { TrainingTask } from "../../packages/oal/src/training/task.js";
import { train } from "../../packages/oal/src/training/trainer.js";
import { describeSteps } from "./stepping.js";
import { difference, manifest, missing } from "./swiftShader.js";

process.env["VK_ICD_FILENAMES"] = manifest;
const cpu = await cpuEngine({ threads: 1 });
const gpu = await makeEngine({ device: "webgpu", threads: 1, adapter: "SwiftShader" });

/** The mean square of noise, moved and scaled by channel; its convolutions are in the long test, whose shaders take half a minute. */
const task: TrainingTask = {
  inputs: { x: { dtype: "float32", shape: [40, 24] } },
  build(context, { x }) {
    if (!x) throw new Error("not declared");
    const moved = add(mul(x, context.parameter("scale", [24], ones)), context.parameter("shift", [24], ones));
    const loss = reduceMean(mul(moved, moved), [0, 1]);
    return { total: loss, terms: { loss } };
  },
  batch: (step) => ({ x: float32Tensor([40, 24], new Random(step, "x").normals(0, 960)) }),
};

async function scaleAfterTwoSteps(engine: Engine): Promise<Float32Array> {
  const { parameters } = await train(engine, task, {
    name: "tiny",
    seed: 1,
    steps: 2,
    optimizer: { id: "sgd", momentum: 0.9, nesterov: true },
    schedule: { id: "constant", rate: 0.05, warmup: 0 },
  });
  const scale = parameters.get("scale");
  return scale ? float32Data(scale) : new Float32Array();
}

describe.skipIf(missing !== null)(`WebGPU on SwiftShader${missing === null ? "" : `: ${missing}`}`, () => {
  it("says what it is", () => {
    expect(gpu.facts).toMatchObject({ device: "webgpu", blockSize: 0, adapter: "SwiftShader" });
  });

  it("passes the self-test, as the CPU does", async () => {
    expect([await selfTest(cpu), await selfTest(gpu)]).toEqual([null, null]);
  });

  it("takes training steps to the same parameters", async () => {
    const [wanted, found] = [await scaleAfterTwoSteps(cpu), await scaleAfterTwoSteps(gpu)];
    expect(new Set(wanted).size).toBeGreaterThan(20);
    expect(difference(found, wanted)).toBeLessThan(1e-5);
  });

  it("computes energies and log-probabilities of large logits, in sessions and in steps", async () => {
    const graph = new Graph();
    const logits = graph.input("logits", { dtype: "float32", shape: [2, 3] });
    graph.output("energy", logSumExp(logits, [1]));
    graph.output("logProbabilities", logSoftmax(logits));
    const feeds = { logits: float32Tensor([2, 3], [0, 200, 30, -1000, 95, -100]) };
    const session = await gpu.compile(graph);
    const { energy, logProbabilities } = await session.run(feeds);
    await session.release();
    expect(energy && [...float32Data(energy)]).toEqual([200, 95]);
    expect(logProbabilities && [...float32Data(logProbabilities)]).toEqual([-200, 0, -170, -1095, 0, -195]);
    const state = graph.input("state", { dtype: "float32", shape: [2] });
    graph.output("next", add(state, logSumExp(logits, [1])));
    const stepper = await gpu.stepper(graph, [{ name: "state", next: "next" }]);
    await stepper.load(new Map([["state", float32Tensor([2], [1, 2])]]));
    await stepper.step(feeds);
    const next = (await stepper.read(["state"])).get("state");
    expect(next && [...float32Data(next)]).toEqual([201, 97]);
    await stepper.release();
  });

  describeSteps("a stepper whose state stays on the device", gpu);

  it("keeps nothing of a step but its state", async () => {
    const graph = new Graph();
    const state = graph.input("state", { dtype: "float32", shape: [1 << 20] });
    graph.output("next", mul(state, 1.0001));
    graph.output("first", slice(state, [0], [1], [0]));
    const stepper = await gpu.stepper(graph, [{ name: "state", next: "next" }]);
    await stepper.load(new Map([["state", float32Tensor([1 << 20], new Float32Array(1 << 20).fill(1))]]));
    for (let step = 0; step < 20; step++) await stepper.step({});
    const before = process.memoryUsage().rss;
    for (let step = 0; step < 60; step++) await stepper.step({});
    // SwiftShader's device memory is this process's; 60 states would be 250 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(60e6);
    const { first } = await stepper.step({});
    expect(first && float32Data(first)[0]).toBeCloseTo(1.0001 ** 80, 4);
    await stepper.release();
  });
});
