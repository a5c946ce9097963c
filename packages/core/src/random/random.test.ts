import { expect, test } from "vitest";
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

test("a permutation holds every index once, in an order of its own for every step", () => {
  const random = new Random(1, "order");
  const order = random.permutation(0, 5000);
  expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect(Array.from(random.permutation(1, 5000))).not.toEqual(Array.from(order));
  expect(random.permutation(0, 0).length).toBe(0);
});
