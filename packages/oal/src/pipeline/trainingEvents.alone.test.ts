/** What a training's worker is given and tells, as its stage passes it on. */
import { expect, it, vi } from "vitest";
import { testEngine } from "../testing/engine.js";
import { computedBy, type ComputedBy } from "../training/computedBy.js";
import type { TrainingEvent } from "../training/trainer.js";
import { listenerLogs, type RunEvent } from "./events.js";
import type { WorkerInput } from "./trainInWorker.js";
import { runTrainingJob } from "./trainingEvents.js";
import type { TrainingJob } from "./trainingJob.js";

const given: WorkerInput[] = [];
/** What computed the steps before. */
const before: ComputedBy[] = [];
vi.mock("./trainInWorker.js", () => ({
  trainInWorker: (input: WorkerInput, onEvent: (event: TrainingEvent) => void) => {
    given.push(input);
    onEvent({ kind: "resumed", step: 5, total: 20, engines: before });
    onEvent({ kind: "progress", step: 20, total: 20 });
    return Promise.resolve(true);
  },
}));

const job: TrainingJob = {
  kind: "autoEncoder",
  training: {
    name: "autoEncoder",
    seed: 1,
    steps: 20,
    optimizer: { id: "adam" },
    schedule: { id: "constant", rate: 0.1, warmup: 0 },
  },
  images: "images",
  batchSize: 4,
  width: 4,
  fullResolution: false,
  klWeight: 0,
  flip: false,
  result: "result",
};

/** What is told and noted of the training. */
async function told(): Promise<{ events: readonly unknown[]; earlier: readonly ComputedBy[] }> {
  const heard: RunEvent[] = [];
  const earlier: ComputedBy[] = [];
  const events = listenerLogs((event) => heard.push(event)).stage("diffusion");
  const { signal } = new AbortController();
  const resumedFrom = (engines: readonly ComputedBy[]): void => void earlier.push(...engines);
  const key = "0123456789abcdef".repeat(4);
  await runTrainingJob(job, { key, engine: testEngine, events, signal, resumedFrom });
  return { events: heard.map(({ kind, text }) => [kind, text]), earlier };
}

it("a training is named by its artifact's key, computes on the run's engine, and says where it goes on", async () => {
  before.push(computedBy(testEngine.facts));
  const { events, earlier } = await told();
  expect(given.map(({ job: { training }, engine }) => [training.identity, engine])).toEqual([
    ["autoEncoder 0123456789abcdef", { device: "cpu", threads: 1 }],
  ]);
  expect(events).toEqual([
    ["message", "resuming autoEncoder at step 5 of 20"],
    ["progress", "autoEncoder"],
  ]);
  expect(earlier).toEqual([]);
});

it("one that goes on on another engine says so, and both are noted", async () => {
  const other = { ...computedBy(testEngine.facts), version: "0.1.2", blockSize: 4 };
  before.push(other);
  const { events, earlier } = await told();
  expect(events[1]).toEqual([
    "warning",
    expect.stringMatching(
      /^autoEncoder until step 5 was computed on cpu \(onnxruntime-node 0\.1\.2, blocks of 4 channels\), what follows on cpu \(/,
    ),
  ]);
  expect(earlier).toEqual([other]);
});
