/** What a training's worker is given and tells, as its stage passes it on. */
import { expect, it, vi } from "vitest";
import { testEngine } from "../testing/engine.js";
import type { TrainingEvent } from "../training/trainer.js";
import { listenerLogs, type RunEvent } from "./events.js";
import type { WorkerInput } from "./trainInWorker.js";
import { runTrainingJob } from "./trainingEvents.js";
import type { TrainingJob } from "./trainingJob.js";

const given: WorkerInput[] = [];
vi.mock("./trainInWorker.js", () => ({
  trainInWorker: (input: WorkerInput, onEvent: (event: TrainingEvent) => void) => {
    given.push(input);
    onEvent({ kind: "resumed", step: 5, total: 20 });
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

it("a training is named by its artifact's key, computes on the run's engine, and says where it goes on", async () => {
  const heard: RunEvent[] = [];
  const events = listenerLogs((event) => heard.push(event)).stage("diffusion");
  const { signal } = new AbortController();
  await runTrainingJob(job, { key: "0123456789abcdef".repeat(4), engine: testEngine, events, signal });
  expect(given.map(({ job: { training }, engine }) => [training.identity, engine])).toEqual([
    ["autoEncoder 0123456789abcdef", { device: "cpu", threads: 1 }],
  ]);
  expect(heard.map(({ kind, text }) => [kind, text])).toEqual([
    ["message", "resuming autoEncoder at step 5 of 20"],
    ["progress", "autoEncoder"],
  ]);
});
