/** Which classes take part where there are many. */
import { expect, it } from "vitest";
import { spreadOver } from "./leaveOut.js";

it.each([1, 15, 16, 17, 32, 132, 200, 1000])("of %j at most 16 are taken, spread over all", (count) => {
  const all = Array.from({ length: count }, (_, i) => i);
  const taken = spreadOver(all, 16);
  expect(taken).toHaveLength(Math.min(count, 16));
  const gaps = taken.map((place, k) => place - (taken[k - 1] ?? -1));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(count / 16));
  expect(new Set(taken).size).toBe(taken.length);
});
