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
  const { values, dimension, mean, deviation } = poolLatents(latents, [1, 8, 8], "grid4-meanstd");
  expect(dimension).toBe(32);
  expect([mean[0], deviation[0]]).toEqual([3, 2]);
  expect([values[0], values[32], values[2]]).toEqual([-1, 1, 0]);
  expect(mean[1]).toBeCloseTo(Math.sqrt(1.5) / 2, 6);
});

test("a latent that a 4x4 grid does not divide is refused", () => {
  expect(() => poolLatents(new Float32Array(36), [1, 6, 6], "grid4-meanstd")).toThrow(/divisible by 4/);
});

test("grid4-meanstd keeps channels, rows and columns of cells in order, each with mean and deviation", () => {
  // 2 channels of 4x8: a cell is 1x2 pixels. A second latent of zeros, so that values are the first one's, standardised to +1.
  const one = Float32Array.from({ length: 64 }, (_, i) => {
    const [channel, row, column] = [i >> 5, (i >> 3) & 3, i & 7];
    return 1000 * channel + 100 * row + 10 * (column >> 1) + (column % 2 === 0 ? -1 : 1);
  });
  const both = new Float32Array(128);
  both.set(one);
  const { mean, deviation } = poolLatents(both, [2, 4, 8], "grid4-meanstd");
  // Over the set {value, 0} the mean is half of the value.
  const means = Array.from({ length: 32 }, (_, cell) => 2 * (mean[2 * cell] ?? 0));
  expect(means.map(Math.round)).toEqual(
    Array.from({ length: 32 }, (_, cell) => 1000 * (cell >> 4) + 100 * ((cell >> 2) & 3) + 10 * (cell & 3)),
  );
  for (let cell = 0; cell < 32; cell++) expect(2 * (mean[2 * cell + 1] ?? 0)).toBeCloseTo(1, 2);
  expect(deviation[0]).toBe(1); // nothing varies there
});
