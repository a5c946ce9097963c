import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { loadConfiguration } from "./configuration/index.js";
import { processBytes, severalAtOnce } from "./memory/part.js";
import { jobsOn, stagesAtOnce, threadsOfEach } from "./jobs.js";

const configured = (...set: string[]) => loadConfiguration(undefined, { set });

it("share the threads that there are, at least one each", () => {
  expect(threadsOfEach(configured())).toBe(0);
  expect(threadsOfEach(configured("threads=3"))).toBe(3);
  expect(threadsOfEach(configured("threads=9", "jobs=4"))).toBe(2);
  expect(threadsOfEach(configured("threads=2", "jobs=5"))).toBe(1);
  expect(threadsOfEach(configured("jobs=2"))).toBe(Math.max(1, Math.floor(availableParallelism() / 2)));
});

it("are no more than a run has students, where memory is reckoned", () => {
  expect(stagesAtOnce(configured("jobs=8", "methods=[ce,oal]", "studentSeeds=[0,1,2]"))).toBe(6);
  expect(stagesAtOnce(configured("jobs=4", "methods=[ce,oal]", "studentSeeds=[0,1,2]"))).toBe(4);
  expect(stagesAtOnce(configured("methods=[ce]"))).toBe(1);
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

it("are one on WebGPU, which is told", () => {
  const two = configured("jobs=2");
  expect(jobsOn({ device: "cpu" }, two)).toEqual({ jobs: 2, warning: null });
  const { jobs, warning } = jobsOn({ device: "webgpu" }, two);
  expect([jobs, warning]).toEqual([1, expect.stringContaining("several processes of the same command")]);
  expect(jobsOn({ device: "webgpu" }, configured())).toEqual({ jobs: 1, warning: null });
});
