import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineFacts } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { testEngine } from "../../testing/engine.js";
import { estimate, recordRate } from "./rates.js";

const store = mkdtempSync(join(tmpdir(), "oal-rates-"));
afterAll(() => rmSync(store, { recursive: true, force: true }));

it("estimates work from its like, else from what is almost like it, else not at all", async () => {
  const step = (weight: number, network: string, amount: number) => ({
    unit: { network, weight },
    like: { network },
    amount,
  });
  const on = testEngine.facts;
  expect(await estimate(store, step(0.1, "small", 10), on)).toBeNull();
  await recordRate(store, step(0.1, "small", 100), on, 50);
  // another weight of a term takes about as long
  expect(await estimate(store, step(0.5, "small", 10), on)).toBe(5);
  await recordRate(store, step(0.5, "small", 100), on, 70);
  expect(await estimate(store, step(0.5, "small", 10), on)).toBe(7);
  expect(await estimate(store, step(0.1, "small", 10), on)).toBe(5);
  expect(await estimate(store, step(0.1, "large", 10), on)).toBeNull();
  expect(await estimate(store, { unit: "alone", amount: 1 }, on)).toBeNull();
});

it("keeps apart what engines do at different speeds", async () => {
  const [work, on] = [{ unit: "apart", amount: 10 }, testEngine.facts];
  await recordRate(store, work, on, 20);
  expect(await estimate(store, work, on)).toBe(20);
  // blocks follow from the CPU
  const wide: EngineFacts = { ...on, blockSize: 3 };
  expect(await estimate(store, work, wide)).toBe(20);
  for (const other of [
    { device: "webgpu" as const },
    { threads: 2 },
    { version: "0.1.2" },
    { adapter: "libEGL_nvidia.so.0" },
  ])
    expect(await estimate(store, work, { ...on, ...other })).toBeNull();
});
