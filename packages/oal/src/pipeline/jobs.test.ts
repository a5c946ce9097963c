import { availableParallelism } from "node:os";
import type { Device } from "oal-core";
import { expect, it } from "vitest";
import type { DeviceChoice } from "../runtime/engines/index.js";
import { loadConfiguration } from "./configuration/index.js";
import { processBytes, severalAtOnce } from "./memory/part.js";
import { shareMachine, stagesAtOnce } from "./jobs.js";

const configured = (...set: string[]) => loadConfiguration(undefined, { set });

const on = (device: Device) => async (_wanted: DeviceChoice, threads: number) => ({
  choice: { device, threads },
  sentence: null,
});
const threads = async (device: Device, ...set: string[]): Promise<number> =>
  (await shareMachine(configured(...set), on(device))).choice.threads;

it("share the threads that there are, at least one each", async () => {
  expect(await threads("cpu")).toBe(0);
  expect(await threads("cpu", "threads=3")).toBe(3);
  expect(await threads("cpu", "threads=9", "jobs=4")).toBe(2);
  expect(await threads("cpu", "threads=2", "jobs=5")).toBe(1);
  expect(await threads("cpu", "jobs=2")).toBe(Math.max(1, Math.floor(availableParallelism() / 2)));
});

it("are no more than a run has students, where memory is reckoned", () => {
  const six = configured("methods=[ce,oal]", "studentSeeds=[0,1,2]");
  expect(stagesAtOnce(8, six)).toBe(6);
  expect(stagesAtOnce(4, six)).toBe(4);
  expect(stagesAtOnce(1, six)).toBe(1);
});

it("share the memory of the process and nothing else", () => {
  const one = {
    what: "training",
    lower: "student.batchSize",
    bytes: processBytes + 100,
    inBlocks: () => processBytes + 50,
  };
  const three = severalAtOnce(one, 3);
  expect(three.bytes).toBe(processBytes + 300);
  expect(three.inBlocks?.(16)).toBe(processBytes + 150);
  expect([three.what, three.lower]).toEqual(["training, 3 at the same time", "jobs, student.batchSize"]);
  expect(severalAtOnce(one, 1)).toBe(one);
});

it("are one on WebGPU, with all threads, which is told", async () => {
  const two = configured("jobs=2", "threads=8");
  expect(await shareMachine(two, on("cpu"))).toMatchObject({ jobs: 2, warning: null });
  expect(await shareMachine(two, on("webgpu"))).toMatchObject({
    choice: { threads: 8 },
    jobs: 1,
    warning: expect.stringContaining("several processes of the same command"),
  });
  expect(await shareMachine(configured(), on("webgpu"))).toMatchObject({ jobs: 1, warning: null });
});
