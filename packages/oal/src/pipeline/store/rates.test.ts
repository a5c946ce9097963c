import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { estimate, recordRate } from "./rates.js";

const store = mkdtempSync(join(tmpdir(), "oal-rates-"));
afterAll(() => rmSync(store, { recursive: true, force: true }));

it("estimates work from its like, else from what is almost like it, else not at all", async () => {
  const step = (weight: number, network: string, amount: number) => ({
    unit: { network, weight },
    like: { network },
    amount,
  });
  expect(await estimate(store, step(0.1, "small", 10))).toBeNull();
  await recordRate(store, step(0.1, "small", 100), 50);
  // another weight of a term takes about as long
  expect(await estimate(store, step(0.5, "small", 10))).toBe(5);
  await recordRate(store, step(0.5, "small", 100), 70);
  expect(await estimate(store, step(0.5, "small", 10))).toBe(7);
  expect(await estimate(store, step(0.1, "small", 10))).toBe(5);
  expect(await estimate(store, step(0.1, "large", 10))).toBeNull();
  expect(await estimate(store, { unit: "alone", amount: 1 })).toBeNull();
});
