/** The number of threads that a run asks for is that of every session on the way. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oalError, Random, type Engine } from "oal-core";
import { InferenceSession } from "onnxruntime-node";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { evaluate } from "../evaluation/evaluate.js";
import { outputsInMemory, type OutputSet } from "../evaluation/outputs.js";
import type { SetGroup } from "../evaluation/result.js";
import { boundarySchema } from "../outliers/boundary/options.js";
import { sampleBoundary } from "../outliers/boundary/sample.js";
import { prepareSampler } from "../outliers/samplers/drive.js";
import { samplers } from "../outliers/samplers/index.js";
import { gridOf, noiseSchedule, uniformTimesteps } from "../outliers/samplers/schedule.js";
import { cpuEngine, type EngineChoice } from "../runtime/engines/index.js";
import { loadConfiguration } from "./configuration/index.js";
import { run } from "./run.js";

const folder = mkdtempSync(join(tmpdir(), "oal-threads-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

vi.mock("../runtime/engines/index.js", async (original) => ({
  ...(await original<object>()),
  engineOnDemand: (choice: EngineChoice): never => {
    throw oalError("OAL-X101", { problem: `an engine of ${JSON.stringify(choice)}` });
  },
}));

/** What the sessions made by `body` were given. */
async function threadsIn(body: () => Promise<unknown>): Promise<unknown[]> {
  const spied = vi.spyOn(InferenceSession, "create").mockClear();
  await body();
  return spied.mock.calls.map((given: readonly unknown[]) => {
    const [, options] = given;
    return typeof options === "object" && options !== null && "intraOpNumThreads" in options
      ? options.intraOpNumThreads
      : undefined;
  });
}

const random = new Random(1, "threads");
const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);

function outputs(name: string, group: SetGroup): OutputSet {
  const ids = Array.from(labels, (_, i) => `${name}/${i}`);
  const flat = { logits: random.normals(0, 80), features: random.normals(1, 160) };
  return outputsInMemory({ name, group, labels, ids, ...flat }, { classes: 2, featureSize: 4 });
}

const work: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  "boundary sampling": (engine) =>
    sampleBoundary(
      engine,
      { embeddings: random.normals(2, 160), dimension: 4, labels, classes: 2 },
      { ...boundarySchema.parse({ k: 3, noise: 64, rounds: 2, sigma: 1, globalReject: true }), seed: 0 },
    ),
  "a sampler": async (engine) => {
    const schedule = noiseSchedule();
    const grid = gridOf(schedule, uniformTimesteps(2, schedule.betas.length));
    const sampler = await prepareSampler(engine, {
      sampler: samplers.find("ddim"),
      grid,
      shape: [1, 4],
      options: {},
      guidance: 1,
      prediction: "epsilon",
    });
    await sampler.release();
  },
  "detector scores": (engine) =>
    evaluate(
      engine,
      "m",
      0,
      [outputs("train", "train"), outputs("val", "validation"), outputs("test", "test")],
      {
        detectors: ["msp", { id: "knn", parameters: { neighbours: 3 } }],
        resamples: 0,
      },
    ),
};

// The first engine of a process also asks for the block of channels.
it.each(Object.entries(work))("%s", async (_name, body) => {
  const found = await threadsIn(async () => body(await cpuEngine({ threads: 3 })));
  expect(found.length).toBeGreaterThan(0);
  expect(new Set(found)).toEqual(new Set([3]));
});

it("without a number the library chooses", async () => {
  const body = work["a sampler"];
  if (!body) throw new Error("no work");
  expect(await threadsIn(async () => body(await cpuEngine()))).toEqual([undefined]);
  expect(await threadsIn(async () => body(await cpuEngine({ threads: 0 })))).toEqual([undefined]);
});

it("a run makes an engine with its number", async () => {
  const config = loadConfiguration("embedded", { set: ["threads=5"] });
  await expect(run({ config, out: join(folder, "run"), until: "data" })).rejects.toThrow(
    'an engine of {"device":"cpu","threads":5}',
  );
});
