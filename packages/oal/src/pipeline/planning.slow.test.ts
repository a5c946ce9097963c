/** What a plan says of time: recorded, reckoned by arithmetic, or unknown. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { expected } from "./planning.js";
import { measureSpeed, type Work } from "./speed.js";
import { passOperations } from "./stages/operations.js";
import { recordRate } from "./store/rates.js";

const store = mkdtempSync(join(tmpdir(), "oal-planning-"));
afterAll(() => rmSync(store, { recursive: true, force: true }));

it("takes what was recorded, else operations at the speed of their kind of work, else nothing", async () => {
  const on = testEngine.facts;
  const speeds: Readonly<Record<Work, number>> = { step: 50, pass: 200 };
  const asked: Work[] = [];
  const speed = (work: Work): Promise<number> => {
    asked.push(work);
    return Promise.resolve(speeds[work]);
  };
  const step = { unit: "step", amount: 10, arithmetic: { work: "step", operations: () => 100 } } as const;
  const pass = { unit: "pass", amount: 10, arithmetic: { work: "pass", operations: () => 100 } } as const;
  expect(await expected(store, step, on, speed)).toEqual({ seconds: 20, from: "reckoned" });
  expect(await expected(store, pass, on, speed)).toEqual({ seconds: 5, from: "reckoned" });
  expect(await expected(store, { unit: "else", amount: 10 }, on, speed)).toEqual({
    seconds: null,
    from: "unknown",
  });
  await recordRate(store, { unit: "step", amount: 5 }, on, 35);
  expect(await expected(store, step, on, speed)).toEqual({ seconds: 70, from: "recorded" });
  expect(asked).toEqual(["step", "pass"]);
});

it("counts a network by arithmetic, and finds some speed for a step and for a pass", async () => {
  const options = { classes: 10, imageSize: 224 };
  // ResNet-18 at 224 pixels: 1.81e9 multiplications (He et al. 2016, table 1: 1.8e9), two operations each
  expect(passOperations({ id: "resnet18", options }) / 2e9).toBeCloseTo(1.81, 1);
  for (const work of ["step", "pass"] as const)
    expect(await measureSpeed(testEngine, work)).toBeGreaterThan(1e6);
});
