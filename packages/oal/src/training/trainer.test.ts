import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  add,
  float32Data,
  float32Tensor,
  mul,
  OalError,
  pow,
  Random,
  reduceMean,
  reduceSum,
  type Tensor,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { memoryImageSet } from "../data/imageSet.js";
import { cpuEngine } from "../runtime/engines/index.js";
import { ones } from "../nn/initialisers.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { classifierTask } from "./classifier.js";
import { computedBy, type ComputedBy } from "./computedBy.js";
import { crossEntropyMethod } from "./methods/crossEntropy.js";
import type { TrainingOptions } from "./options.js";
import type { TrainingTask } from "./task.js";
import { train, type TrainingEvent } from "./trainer.js";
import { testEngine } from "../testing/engine.js";

const root = mkdtempSync(join(tmpdir(), "oal-training-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const images = (() => {
  const pixels = Uint8Array.from(new Random(3, "test/pixels").uniforms(0, 24 * 3 * 256), (u) => u * 256);
  return memoryImageSet(
    "noise",
    pixels,
    Int32Array.from({ length: 24 }, (_, i) => i % 3),
    ["a", "b", "c"],
  );
})();

/** A small residual network on noise, with every kind of augmentation. */
function task(on = images): TrainingTask {
  return classifierTask(
    {
      seed: 5,
      network: { id: "resnetSmall", options: { classes: 3, imageSize: 16, width: 4, blocks: 1 } },
      batchSize: 8,
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      augmentation: { flip: "alternating", crop: { padding: 2, mode: "reflect" }, cutout: 4 },
      methods: [{ method: crossEntropyMethod, weight: 1 }],
      settings: {},
    },
    on,
  );
}

/** The same with other pictures. */
const otherData = (): TrainingTask =>
  task(memoryImageSet("black", new Uint8Array(24 * 3 * 256), images.labels, images.classNames));

const options = (more: Partial<TrainingOptions> = {}): TrainingOptions => ({
  name: "teacher",
  seed: 5,
  steps: 8,
  optimizer: { id: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  schedule: { id: "cosine", rate: 0.1, warmup: 0.25, minFactor: 0.01 },
  ema: 0.5,
  ...more,
});

function hashOf(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  for (const [name, tensor] of tensors) hash.update(name).update(float32Data(tensor));
  return hash.digest("hex");
}

async function errorOf(promise: Promise<unknown>): Promise<OalError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof OalError) return error;
  throw new Error("no error of oal", { cause: error });
}

/** Trains until `steps` are done, then stops with a checkpoint. */
async function trainUntil(steps: number, folder: string): Promise<void> {
  let done = 0;
  const outcome = await train(
    testEngine,
    task(),
    options({ checkpointFolder: folder, checkpointSeconds: 0 }),
    (event) => (done = event.step),
    () => done >= steps,
  );
  expect(outcome.finished).toBe(false);
}

describe("resuming", () => {
  const whole = train(testEngine, task(), options()).then(({ parameters }) => hashOf(parameters));

  it("ends with the same bits after any number of stops", async () => {
    const folder = join(root, "stops");
    for (const stop of [2, 3, 7]) await trainUntil(stop, folder);
    const steps: number[] = [];
    const { parameters, finished } = await train(
      testEngine,
      task(),
      options({ checkpointFolder: folder }),
      ({ kind, step }) => kind === "progress" && steps.push(step),
    );
    expect([finished, steps]).toEqual([true, [8]]);
    expect(hashOf(parameters)).toBe(await whole);
  });

  it.each([
    [
      "changed",
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
    ],
    ["cut short", (path: string) => truncateSync(path, 1000)],
    ["empty", (path: string) => truncateSync(path, 0)],
  ])("falls back to the checkpoint before a damaged one: %s", async (name, damage) => {
    const folder = join(root, name);
    await trainUntil(5, folder);
    expect(readdirSync(folder).sort()).toEqual(["step-000000004.safetensors", "step-000000005.safetensors"]);
    damage(join(folder, "step-000000005.safetensors"));
    const steps: number[] = [];
    const { parameters } = await train(
      testEngine,
      task(),
      options({ checkpointFolder: folder }),
      ({ kind, step }) => kind === "progress" && steps.push(step),
    );
    expect(steps[0]).toBe(5);
    expect(hashOf(parameters)).toBe(await whole);
  });

  it("starts anew when no checkpoint is whole, and skips foreign files", async () => {
    const folder = join(root, "none");
    await writeCheckpoint(folder, 3, new Map([["x", float32Tensor([2], [1, 2])]]), "t", []);
    appendFileSync(join(folder, "step-000000009.safetensors"), "nonsense");
    appendFileSync(join(folder, "step-x.safetensors.123"), "half a write");
    expect(await readCheckpoint(folder, "t")).toMatchObject({ step: 3 });
    truncateSync(join(folder, "step-000000003.safetensors"), 30);
    expect(await readCheckpoint(folder, "t")).toBeNull();
    expect(await readCheckpoint(join(folder, "absent"), "t")).toBeNull();
  });

  it("keeps what is written after checkpoints that were damaged, and removes those", async () => {
    const folder = join(root, "damaged");
    const state = new Map([["x", float32Tensor([2], [1, 2])]]);
    for (const step of [200, 300]) {
      await writeCheckpoint(folder, step, state, "t", []);
      truncateSync(join(folder, `step-000000${step}.safetensors`), 10);
    }
    expect(await readCheckpoint(folder, "t")).toBeNull();
    await writeCheckpoint(folder, 150, state, "t", []);
    expect(await readCheckpoint(folder, "t")).toMatchObject({ step: 150 });
    for (const step of [160, 170]) await writeCheckpoint(folder, step, state, "t", []);
    expect(readdirSync(folder).sort()).toEqual(["step-000000160.safetensors", "step-000000170.safetensors"]);
  });

  it("refuses a checkpoint of another training, naming both", async () => {
    const folder = join(root, "foreign");
    await trainUntil(2, folder);
    const resumed = (more: Partial<TrainingOptions>): Promise<OalError> =>
      errorOf(train(testEngine, task(), options({ checkpointFolder: folder, ...more })));
    const schedule = { id: "cosine", rate: 0.01, warmup: 0.25, finalFactor: 0.01 } as const;
    for (const more of [{ seed: 6 }, { schedule }, { steps: 9 }, { clipNorm: 1 }]) {
      const error = await resumed(more);
      expect(error.code).toBe("OAL-T130");
      expect(error.message).toMatch(/is of training \w+, not of \w+/);
    }
    const other = await errorOf(train(testEngine, otherData(), options({ checkpointFolder: folder })));
    expect(other.code).toBe("OAL-T130");
    const named = await resumed({ identity: "student:oal 12ab" });
    expect(named.message).toContain("student:oal 12ab");
    // what does not change the result is no other training
    const { finished } = await train(
      await cpuEngine({ threads: 2 }),
      task(),
      options({ checkpointFolder: folder, checkpointSeconds: 100, logEvery: 3 }),
    );
    expect(finished).toBe(true);
  });

  it("tells at which step it goes on", async () => {
    const folder = join(root, "told");
    const heard: TrainingEvent[] = [];
    await trainUntil(3, folder);
    await train(testEngine, task(), options({ checkpointFolder: folder }), (event) => heard.push(event));
    expect(heard[0]).toEqual({
      kind: "resumed",
      step: 3,
      total: 8,
      engines: [computedBy(testEngine.facts)],
    });
    expect(heard.filter(({ kind }) => kind === "resumed")).toHaveLength(1);
  });

  it("knows what computed the steps before, whatever went on from them", async () => {
    const folder = join(root, "engines");
    const here = computedBy(testEngine.facts);
    const elsewhere: ComputedBy = { ...here, version: "0.1.2", blockSize: 4 };
    /** What an attempt hears of the engines before it, and what it ends with. */
    const attempt = async (stop: number): Promise<unknown[]> => {
      const heard: TrainingEvent[] = [];
      const { ema: _ema, ...rest } = options();
      const { engines } = await train(
        testEngine,
        quadratic(() => 1),
        { ...rest, ...plain, checkpointFolder: folder, checkpointSeconds: 0 },
        (event) => heard.push(event),
        () => (heard.at(-1)?.step ?? 0) >= stop,
      );
      return [heard[0]?.engines, engines];
    };
    expect(await attempt(2)).toEqual([undefined, [here]]);
    const { state } = (await readCheckpoint(folder, "t")) ?? { state: new Map<string, Tensor>() };
    const after = async (before: readonly ComputedBy[]): Promise<unknown[]> => {
      await writeCheckpoint(folder, 2, state, "t", before);
      return attempt(3);
    };
    expect(await after([elsewhere])).toEqual([[elsewhere], [elsewhere, here]]);
    expect((await readCheckpoint(folder, "t"))?.engines).toEqual([elsewhere, here]);
    expect(await after([here])).toEqual([[here], [here]]);
    // an older one does not say
    expect(await after([])).toEqual([[], [here]]);
    // threads change no bits
    expect(computedBy((await cpuEngine({ threads: 2 })).facts)).toEqual(here);
  });

  it("gives the same bits on one thread and on two", async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(async (threads) => train(await cpuEngine({ threads }), task(), options({ steps: 3 }))),
    );
    expect(one && hashOf(one.parameters)).toBe(two && hashOf(two.parameters));
  });
});

/** loss = mean((w * x)^2) + 0 * side; x of step s is given. */
const quadratic = (x: (step: number) => number): TrainingTask => ({
  inputs: { x: { dtype: "float32", shape: [2] } },
  build: (context, inputs) => {
    const weight = context.parameter("weight", [2], ones);
    const given = inputs["x"];
    if (!given) throw new Error("no input");
    const fit = reduceMean(pow(mul(weight, given), 2), [0]);
    const side = reduceSum(given, [0]);
    return { total: add(fit, mul(side, 0)), terms: { side, fit } };
  },
  batch: (step) => ({ x: float32Tensor([2], [1, x(step)]) }),
});

const plain: Partial<TrainingOptions> = {
  identity: "t",
  optimizer: { id: "sgd", momentum: 0, nesterov: false },
  schedule: { id: "constant", rate: 0.1, warmup: 0 },
};

const weights = async (more: Partial<TrainingOptions>, x = 1): Promise<number[]> => {
  const { ema: _ema, ...rest } = options();
  const { parameters } = await train(
    testEngine,
    quadratic(() => x),
    { ...rest, ...plain, ...more },
  );
  const weight = parameters.get("weight");
  return weight ? [...float32Data(weight)] : [];
};

describe("a training that keeps its best epoch", () => {
  /** Epochs of two steps, whose scores are given; the weights at each are noted. */
  const choosing = (scores: readonly number[], seen: string[] = []): TrainingTask => ({
    ...task(),
    selection: {
      every: 2,
      score: async (parameters) => {
        seen.push(hashOf(parameters));
        return scores[seen.length - 1] ?? Number.NaN;
      },
    },
  });

  it("ends with the weights that scored most, of equal ones the later, and says which", async () => {
    const seen: string[] = [];
    const { parameters, kept } = await train(
      testEngine,
      choosing([3, 7, 7, 5, 6], seen),
      options({ steps: 9 }),
    );
    expect(kept).toEqual({ step: 6, score: 7, lastScore: 6 });
    // behind the steps 2, 4, 6, 8, and behind the last
    expect(new Set(seen).size).toBe(5);
    expect(hashOf(parameters)).toBe(seen[2]);
    const plain = await train(testEngine, task(), options({ steps: 9 }));
    expect(plain.kept).toBeUndefined();
    expect(hashOf(plain.parameters)).toBe(seen[4]);
  });

  it("has the same bits after any number of stops, also behind the step of the best", async () => {
    const folder = join(root, "best");
    const scores = [1, 9, 2, 3];
    const seen: string[] = [];
    for (const stop of [1, 4, 5, 7]) {
      let done = 0;
      await train(
        testEngine,
        choosing(scores, seen),
        options({ checkpointFolder: folder, checkpointSeconds: 0 }),
        (event) => (done = event.step),
        () => done >= stop,
      );
    }
    const { parameters, kept } = await train(
      testEngine,
      choosing(scores, seen),
      options({ checkpointFolder: folder }),
    );
    expect(kept).toEqual({ step: 4, score: 9, lastScore: 3 });
    expect(seen).toHaveLength(4);
    const whole: string[] = [];
    const once = await train(testEngine, choosing(scores, whole), options());
    expect(whole).toEqual(seen);
    expect(hashOf(parameters)).toBe(hashOf(once.parameters));
    expect(hashOf(parameters)).toBe(seen[1]);
    // it is another training than the one that keeps its last weights
    const other = train(testEngine, task(), options({ checkpointFolder: folder }));
    expect((await errorOf(other)).code).toBe("OAL-T130");
  });
});

describe("a loss that is not finite", () => {
  it("names term and step, and keeps the last good checkpoint", async () => {
    const folder = join(root, "nan");
    const events: TrainingEvent[] = [];
    const bad = train(
      testEngine,
      quadratic((step) => (step === 4 ? Number.NaN : 1)),
      options({ ...plain, checkpointFolder: folder, checkpointSeconds: 0 }),
      (event) => events.push(event),
    );
    const error = await errorOf(bad);
    expect([error.code, error.exit, error.details]).toEqual([
      "OAL-T101",
      5,
      { stage: "teacher", step: 4, term: "side", value: Number.NaN },
    ]);
    expect(error.message).toBe('teacher: "side" became NaN at step 4');
    expect(events.at(-1)?.step).toBe(4);
    expect((await readCheckpoint(folder, "t"))?.step).toBe(4);
  });

  it("never keeps a state that an update has spoilt", async () => {
    const folder = join(root, "spoilt");
    // The gradient of step 0 is finite, the weight after it is not when the rate is that large.
    const huge: Partial<TrainingOptions> = {
      schedule: { id: "constant", rate: 1e38, warmup: 0 },
      steps: 1,
    };
    const error = await errorOf(weights({ ...huge, checkpointFolder: folder, checkpointSeconds: 0 }, 1e3));
    expect(error).toMatchObject({ code: "OAL-T101", details: { term: "weight", step: 1 } });
    expect(await readCheckpoint(folder, "t")).toBeNull();
  });
});

describe("options", () => {
  it("clipping limits the gradient's norm", async () => {
    // gradient of mean((w x)^2) at w = 1, x = (1, 3): (1, 9)
    const free = await weights({ steps: 1 }, 3);
    expect(free[0]).toBeCloseTo(0.9, 6);
    expect(free[1]).toBeCloseTo(0.1, 6);
    const clipped = await weights({ steps: 1, clipNorm: 1 }, 3);
    expect(clipped[0]).toBeCloseTo(1 - 0.1 / Math.sqrt(82), 6);
    expect(clipped[1]).toBeCloseTo(1 - 0.9 / Math.sqrt(82), 6);
    expect(await weights({ steps: 1, clipNorm: 100 }, 3)).toEqual(free);
  });

  it("averaging returns the moving average of the weights", async () => {
    expect((await weights({ steps: 2 }))[0]).toBeCloseTo(0.81, 6);
    // averages: start 1, then 0.5 * 1 + 0.5 * 0.9 = 0.95, then 0.5 * 0.95 + 0.5 * 0.81
    expect((await weights({ steps: 2, ema: 0.5 }))[0]).toBeCloseTo(0.88, 6);
  });

  it("a group's rate multiplies the learning rate", async () => {
    expect((await weights({ steps: 1, groupRates: { weight: 3 } }))[0]).toBeCloseTo(0.7, 6);
    expect((await weights({ steps: 1, groupRates: { other: 3 } }))[0]).toBeCloseTo(0.9, 6);
  });
});
