import { expect, test } from "vitest";
import { normalQuantile } from "./normalQuantile.js";
import { philox4x32 } from "./philox.js";
import { Random } from "./random.js";

const hex = (words: Uint32Array): string =>
  Array.from(words, (w) => w.toString(16).padStart(8, "0")).join(" ");

test("Philox gives the published known answers", () => {
  const ones = 0xffffffff;
  expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  expect(hex(philox4x32([ones, ones, ones, ones], [ones, ones]))).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  expect(hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

test("draws depend on seed, purpose, step and index alone", () => {
  const random = new Random(7, "a");
  const long = random.uniforms(5, 9001);
  expect(Array.from(random.uniforms(5, 13))).toEqual(Array.from(long.subarray(0, 13)));
  expect(Array.from(random.normals(5, 5001).subarray(0, 3))).toEqual(Array.from(random.normals(5, 3)));
  const first = (r: Random, step: number): number => r.uniforms(step, 1)[0] ?? -1;
  const values = [
    first(random, 5),
    first(random, 6),
    first(random, 5 + 2 ** 32),
    first(new Random(8, "a"), 5),
  ];
  values.push(first(new Random(7, "b"), 5), first(random.derive("b"), 5));
  expect(new Set(values).size).toBe(values.length);
  expect(first(random.derive("x"), 0)).toBe(first(new Random(7, "a/x"), 0));
});

test("distributions have the right moments", () => {
  const n = 200_000;
  const random = new Random(1, "moments");
  const mean = (x: Float32Array, f: (v: number) => number): number =>
    x.reduce((s, v) => s + f(v), 0) / x.length;
  const u = random.uniforms(0, n);
  expect(mean(u, (v) => v)).toBeCloseTo(0.5, 2);
  expect(u.every((v) => v >= 0 && v < 1)).toBe(true);
  const z = random.normals(0, n);
  expect(mean(z, (v) => v)).toBeCloseTo(0, 1);
  expect(mean(z, (v) => v * v)).toBeCloseTo(1, 1);
  expect(mean(z, (v) => v ** 4)).toBeGreaterThan(2.9);
  expect(mean(z, (v) => v ** 4)).toBeLessThan(3.1);
  const counts = Array.from({ length: 7 }, () => 0);
  for (let i = 0; i < 7000; i++) counts[random.integer(3, i, 7)] = (counts[random.integer(3, i, 7)] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("quick normal numbers are normal, to the tails, and differ by seed, purpose and step", () => {
  const n = 400_000;
  const z = new Random(1, "quick").quickNormals(3, n);
  const mean = (f: (v: number) => number): number => z.reduce((sum, v) => sum + f(v), 0) / n;
  expect(mean((v) => v)).toBeCloseTo(0, 2);
  expect(Math.abs(mean((v) => v * v) - 1)).toBeLessThan(0.01);
  expect(Math.abs(mean((v) => v ** 4) - 3)).toBeLessThan(0.08);
  // shares beyond 1, 2 and 3.5 standard deviations
  for (const [limit, share] of [
    [1, 0.317311],
    [2, 0.0455],
    [3.5, 0.000465],
  ] as const)
    expect(Math.abs(mean((v) => (Math.abs(v) > limit ? 1 : 0)) - share)).toBeLessThan(
      5 * Math.sqrt(share / n),
    );
  let neighbours = 0;
  for (let i = 1; i < n; i++) neighbours += (z[i] ?? 0) * (z[i - 1] ?? 0);
  expect(Math.abs(neighbours / n)).toBeLessThan(0.008);
  const random = new Random(1, "quick");
  expect(random.quickNormals(3, 5000)).toEqual(z.subarray(0, 5000));
  const starts = [random, new Random(2, "quick"), new Random(1, "other")].map((r) => r.quickNormals(3, 1)[0]);
  starts.push(random.quickNormals(4, 1)[0], random.quickNormals(3 + 2 ** 32, 1)[0]);
  expect(new Set(starts).size).toBe(5);
});

test("quick indices are uniform over any bound, and differ by seed, purpose and step", () => {
  const random = new Random(1, "indices");
  const n = 70_000;
  for (const bound of [1, 2, 7, 9000, n]) {
    const drawn = random.quickIndices(3, n, bound);
    const counts = new Float64Array(bound);
    for (const index of drawn) counts[index] = (counts[index] ?? NaN) + 1;
    const expected = n / bound;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(Math.abs(chiSquared - (bound - 1))).toBeLessThanOrEqual(5 * Math.sqrt(2 * (bound - 1)));
  }
  expect(random.quickIndices(3, 100, n)).toEqual(random.quickIndices(3, 1000, n).subarray(0, 100));
  const starts = [random, new Random(2, "indices"), new Random(1, "other")].map(
    (r) => r.quickIndices(3, 1, n)[0],
  );
  starts.push(random.quickIndices(4, 1, n)[0], random.quickIndices(3 + 2 ** 32, 1, n)[0]);
  expect(new Set(starts).size).toBe(5);
});

test("the normal quantile", () => {
  // by Python's statistics.NormalDist().inv_cdf
  const known = [
    [1e-10, -6.361340902404056],
    [1e-5, -4.264890793922825],
    [0.01, -2.3263478740408408],
    [0.3, -0.5244005127080407],
    [0.5, 0],
    [0.93, 1.4757910281791708],
  ] as const;
  for (const [p, z] of known) expect(normalQuantile(p)).toBeCloseTo(z, 12);
});

test("a permutation holds every index once, in an order of its own for every step", () => {
  const random = new Random(1, "order");
  const order = random.permutation(0, 5000);
  expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect(Array.from(random.permutation(1, 5000))).not.toEqual(Array.from(order));
  expect(random.permutation(0, 0).length).toBe(0);
});
