import { expect, test } from "vitest";
import { poolLatents } from "./pooling.js";

test("channel-row-mean averages channels and rows", () => {
  const { values, dimension } = poolLatents(
    Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    [2, 2, 2],
    "channel-row-mean",
  );
  expect(dimension).toBe(2);
  expect([...values]).toEqual([4, 5]);
});

test("grid4-meanstd takes moments per cell and standardises over the set", () => {
  const latents = new Float32Array(2 * 64);
  latents.set([1, 3], 0);
  latents.set([5, 5, 0, 0, 0, 0, 0, 0, 5, 5], 64);
  const { values, dimension, mean, deviation } = poolLatents(latents, [1, 8, 8]);
  expect(dimension).toBe(32);
  expect([mean[0], deviation[0]]).toEqual([3, 2]);
  expect([values[0], values[32], values[2]]).toEqual([-1, 1, 0]);
  expect(mean[1]).toBeCloseTo(Math.sqrt(1.5) / 2, 6);
});

test("a latent that a 4x4 grid does not divide is refused", () => {
  expect(() => poolLatents(new Float32Array(36), [1, 6, 6])).toThrow(/divisible by 4/);
});
