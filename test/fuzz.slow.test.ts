/** Damaged files of every kind that oal reads; recipes/fuzz.mjs tries a hundred times as many. */
import { expect, it } from "vitest";
import { fuzz } from "../scripts/fuzz/fuzz.mjs";
import { mutate } from "../scripts/fuzz/mutations.mjs";

/** Of each of 13 kinds: a thousand files. */
const trials = 77;
/** Set OAL_SEED to try others. */
const seed = Number(process.env["OAL_SEED"] ?? 1);

it("are read, or refused by an error of the catalogue, soon and within bounded memory", async () => {
  const { tried, answers, problems } = await fuzz({ trials, seed });
  expect(problems).toEqual([]);
  expect(tried).toBeGreaterThanOrEqual(1000);
  // neither so damaged that no parser comes far, nor so little that nothing is refused
  for (const [target, told] of Object.entries(answers)) {
    expect(told["read"], target).toBeGreaterThan(0);
    expect(Object.keys(told).length, target).toBeGreaterThan(1);
  }
});

it("are the same for the same seed, and differ from what they were made of", () => {
  const intact = Uint8Array.from({ length: 300 }, (_, i) => i);
  const all = Array.from({ length: 50 }, (_, trial) => mutate(intact, "here", trial).toString("hex"));
  expect(Array.from({ length: 50 }, (_, trial) => mutate(intact, "here", trial).toString("hex"))).toEqual(
    all,
  );
  expect(new Set(all).size).toBe(50);
  expect(all).not.toContain(Buffer.from(intact).toString("hex"));
});
