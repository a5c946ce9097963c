/** What is found on a machine, and what of it makes oal unusable. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "oal-core";
import { afterAll, expect, it } from "vitest";
import type { ProbeResult } from "../runtime/engines/index.js";
import { examine, stateOf } from "./doctor.js";

const folder = mkdtempSync(join(tmpdir(), "oal-doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));

const works: ProbeResult = { adapter: null, blockSize: 8, problem: null, missing: [] };
const fails: ProbeResult = { adapter: null, blockSize: null, problem: "it crashed", missing: ["a driver"] };
const probe = (results: Readonly<Record<Device, ProbeResult>>) => (device: Device) =>
  Promise.resolve(results[device]);

it("a machine without WebGPU is usable, and what it lacks is told", async () => {
  const found = await examine({ probe: probe({ cpu: works, webgpu: fails }) });
  expect([found.usable, found.problems]).toEqual([true, []]);
  expect(found.devices.map(({ device, usable, missing }) => [device, usable, missing])).toEqual([
    ["cpu", true, []],
    ["webgpu", false, ["a driver"]],
  ]);
  expect(found.memory.bytes).toBeGreaterThan(1e6);
  expect(found.threads).toBeGreaterThan(0);
  expect(Object.keys(found.folders)).toEqual(["store", "cache", "working"]);
});

it("what a card leaves to the CPU is asked where there is one, and nowhere else", async () => {
  const answer = { steps: 15, left: { denoiser: ["Sum(float32 2, float32 2)"] }, problem: null };
  const asked = () => Promise.resolve(answer);
  const never = (): never => {
    throw new Error("asked");
  };
  const [, card] = (await examine({ probe: probe({ cpu: works, webgpu: works }), fallbacks: asked })).devices;
  expect(card?.fallbacks).toEqual(answer);
  const [cpu, none] = (await examine({ probe: probe({ cpu: works, webgpu: fails }), fallbacks: never }))
    .devices;
  expect([cpu, none].map((device) => device && "fallbacks" in device)).toEqual([false, false]);
});

it("one whose CPU engine fails is not", async () => {
  const found = await examine({ probe: probe({ cpu: fails, webgpu: fails }) });
  expect([found.usable, found.problems]).toEqual([false, ["the CPU engine does not work (it crashed)"]]);
});

it("folders are judged by the nearest one that is there", () => {
  expect(stateOf(join(folder, "deep", "deeper"))).toMatchObject({ problem: null });
  expect(stateOf(folder).freeBytes).toBeGreaterThan(0);
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(stateOf(file).problem).toBe(`${file} is no folder`);
  expect(stateOf(join(file, "inside")).problem).toBe(`${file} is no folder`);
});

it("a device that is asked for is needed, and no other one is tried", async () => {
  const tried: string[] = [];
  const found = await examine({
    devices: ["webgpu"],
    probe: async (device) => {
      tried.push(device);
      return probe({ cpu: works, webgpu: fails })(device);
    },
  });
  expect(tried).toEqual(["webgpu"]);
  expect(found.usable).toBe(false);
  expect(found.problems).toEqual([expect.stringContaining("WebGPU does not work")]);
});
