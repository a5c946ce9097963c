/**
 * Training, evaluation and sampling on WebGPU against the CPU, on SwiftShader, which compiles every shader at its first use: half a
 * minute a network. A process of its own: the environment chooses the driver, which could end the process.
 */
import {
  float32Data,
  float32Tensor,
  Graph,
  logSoftmax,
  mul,
  normaliseImages,
  operators,
  Random,
  reduceMean,
  reduceSum,
  uint8Tensor,
  writeModel,
  type Engine,
} from "oal-core";
import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it, vi } from "vitest";
import { memoryImageSet } from "../../packages/oal/src/data/imageSet.js";
import { evaluate } from "../../packages/oal/src/evaluation/evaluate.js";
import { outputsInMemory, type OutputSet } from "../../packages/oal/src/evaluation/outputs.js";
import type { SetGroup } from "../../packages/oal/src/evaluation/result.js";
import { networks } from "../../packages/oal/src/nn/networks/index.js";
import { prepareSampler } from "../../packages/oal/src/outliers/samplers/drive.js";
import { samplers } from "../../packages/oal/src/outliers/samplers/index.js";
import {
  gridOf,
  noiseSchedule,
  uniformTimesteps,
} from "../../packages/oal/src/outliers/samplers/schedule.js";
import { trainedGraphs } from "../../packages/oal/src/pipeline/trainedGraphs.js";
import { cpuEngine, fallbacksOf, makeEngine } from "../../packages/oal/src/runtime/engines/index.js";
import { Predictor } from "../../packages/oal/src/training/predict.js";
import type { TrainingTask } from "../../packages/oal/src/training/task.js";
import { train } from "../../packages/oal/src/training/trainer.js";
import { counting, scalar } from "./stepping.js";
import { difference, manifest, missing } from "./swiftShader.js";

process.env["VK_ICD_FILENAMES"] = manifest;
const cpu = await cpuEngine({ threads: 1 });
const gpu = await makeEngine({ device: "webgpu", threads: 1 });

const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;
const network = { id: "resnetSmall", options: { classes: 3, imageSize: 8, width: 8, blocks: 1 } };
const pixels = Uint8Array.from(new Random(1, "pixels").uniforms(0, 4 * 3 * 64), (u) => 256 * u);
const labels = Int32Array.of(0, 1, 2, 0);

/** Cross-entropy of a small residual network on four pictures of noise. */
const task: TrainingTask = {
  inputs: { images: { dtype: "uint8", shape: [4, 3, 8, 8] }, labels: { dtype: "float32", shape: [4, 3] } },
  build(context, { images, labels: wanted }) {
    if (!images || !wanted) throw new Error("not declared");
    const shown = normaliseImages(images, normalisation);
    const { logits } = networks.find(network.id).build(context, shown, network.options);
    const loss = mul(reduceMean(reduceSum(mul(logSoftmax(logits), wanted), [1])), -1);
    return { total: loss, terms: { loss } };
  },
  batch: () => ({
    images: uint8Tensor([4, 3, 8, 8], pixels),
    labels: float32Tensor([4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]),
  }),
};

async function trained(engine: Engine) {
  const terms: number[] = [];
  const { parameters } = await train(
    engine,
    task,
    {
      name: "tiny",
      seed: 1,
      steps: 2,
      optimizer: { id: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-3 },
      schedule: { id: "constant", rate: 0.05, warmup: 0 },
      ema: 0.5,
      logEvery: 1,
    },
    (event) => event.terms && terms.push(event.terms["total"] ?? Number.NaN),
  );
  return { terms, parameters };
}

function outputs(name: string, group: SetGroup): OutputSet {
  const random = new Random(7, name);
  const set = Int32Array.from({ length: 30 }, (_, i) => i % 3);
  const ids = Array.from(set, (_, i) => `${name}/${i}`);
  const values = { logits: random.normals(0, 90), features: random.normals(1, 240) };
  return outputsInMemory({ name, group, labels: set, ids, ...values }, { classes: 3, featureSize: 8 });
}

describe.skipIf(missing !== null)(`WebGPU on SwiftShader${missing === null ? "" : `: ${missing}`}`, () => {
  it("trains to the same losses and parameters", async () => {
    const [wanted, found] = [await trained(cpu), await trained(gpu)];
    expect(wanted.terms).toHaveLength(2);
    expect(difference(found.terms, wanted.terms)).toBeLessThan(1e-5);
    for (const [name, tensor] of wanted.parameters) {
      const other = found.parameters.get(name);
      expect(difference(other ? float32Data(other) : [], float32Data(tensor)), name).toBeLessThan(1e-4);
    }
  });

  it("holds no more sessions, however often a state is handed over", async () => {
    const stepper = await gpu.stepper(counting(), [{ name: "state", next: "next" }, { name: "frozen" }]);
    const one = await InferenceSession.create(writeModel(counting()));
    const prototype: InferenceSession = Object.getPrototypeOf(one);
    await one.release();
    const [created, released] = [vi.spyOn(InferenceSession, "create"), vi.spyOn(prototype, "release")];
    const open: number[] = [];
    try {
      for (let round = 0; round < 50; round++) {
        await stepper.load(
          new Map([
            ["state", scalar(round)],
            ["frozen", scalar(1)],
          ]),
        );
        await stepper.step({ rate: scalar(2) });
        expect((await stepper.read(["state"])).get("state")).toEqual(scalar(round + 2));
        open.push(created.mock.calls.length - released.mock.calls.length);
      }
      expect(new Set(open)).toEqual(new Set([1]));
      await stepper.release();
      // that of the steps was there before
      expect(released.mock.calls.length - created.mock.calls.length).toBe(1);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("predicts and scores the same", async () => {
    const { parameters } = await trained(cpu);
    const set = memoryImageSet("set", pixels, labels, ["a", "b", "c"]);
    const logits: Float32Array[] = [];
    for (const engine of [cpu, gpu]) {
      const predictor = await Predictor.create(
        engine,
        { network, parameters, normalisation },
        { batchSize: 64 },
      );
      logits.push((await predictor.predict(set)).logits);
      await predictor.release();
    }
    expect(difference(logits[1] ?? [], logits[0] ?? [])).toBeLessThan(1e-5);
    const sets = [
      outputs("train", "train"),
      outputs("val", "validation"),
      outputs("test", "test"),
      outputs("far", "far"),
    ];
    const options = { resamples: 0, parameters: { knn: { neighbours: 3 } } };
    const [wanted, found] = [
      await evaluate(cpu, "m", 0, sets, options),
      await evaluate(gpu, "m", 0, sets, options),
    ];
    expect(wanted.scores.detectors.length).toBeGreaterThan(3);
    for (const detector of wanted.scores.detectors) {
      wanted.scores.sets.forEach((scored, i) => {
        const other = found.scores.sets[i]?.confidence[detector] ?? [];
        expect(difference(other, scored.confidence[detector] ?? []), detector).toBeLessThan(1e-5);
      });
    }
  });

  it("samples the same", async () => {
    const schedule = noiseSchedule();
    const grid = gridOf(schedule, uniformTimesteps(4, schedule.betas.length));
    const setup = {
      sampler: samplers.find("dpmSolver2m"),
      grid,
      shape: [2, 4],
      options: {},
      guidance: 2,
      prediction: "epsilon",
    } as const;
    const ends: Float32Array[] = [];
    for (const engine of [cpu, gpu]) {
      const sampler = await prepareSampler(engine, setup);
      const start = new Random(3, "start").normals(0, 8);
      ends.push(
        await sampler.run(start, (latent) => Promise.resolve({ conditional: latent, unconditional: latent })),
      );
      await sampler.release();
    }
    expect(difference(ends[1] ?? [], ends[0] ?? [])).toBeLessThan(1e-5);
  });

  it("says which operators of a step are left to the CPU, and leaves none of oal's", async () => {
    const graph = new Graph();
    const [x, weight] = [
      graph.input("x", { dtype: "float32", shape: [2, 3] }),
      graph.input("weight", { dtype: "float32", shape: [2, 3] }),
    ];
    const [logarithms] = graph.node(operators.LogSoftmax, [mul(x, weight)]);
    if (logarithms) graph.output("next", logarithms);
    expect(await fallbacksOf(graph, [{ name: "weight", next: "next" }])).toEqual(["LogSoftmax(float32 2)"]);
    const steps = trainedGraphs().filter(({ name }) => ["airbench", "recipe oal", "denoiser"].includes(name));
    for (const { graph: step, carried, name } of steps)
      expect(await fallbacksOf(step, carried), name).toEqual([]);
    expect(steps).toHaveLength(3);
  });
});
