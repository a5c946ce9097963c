import { expect, test } from "vitest";
import { parseOutline, signedArea } from "./outlines.js";
import { offset, rasterise, strokeWidth } from "./rasterise.js";

const box = (left: number, top: number, right: number, bottom: number): Float64Array =>
  Float64Array.of(left, top, right, top, right, bottom, left, bottom);
const total = (coverage: Float32Array): number => coverage.reduce((sum, value) => sum + value, 0);

test("coverage of a rectangle is exact, also on fractions of pixels", () => {
  const coverage = rasterise([box(1.25, 1, 3.5, 2.5)], 8);
  expect(Array.from(coverage.subarray(8, 13))).toEqual([0, 0.75, 1, 0.5, 0]);
  expect(Array.from(coverage.subarray(16, 21))).toEqual([0, 0.375, 0.5, 0.25, 0]);
  expect(total(coverage)).toBe(2.25 * 1.5);
});

test("slanted edges cover the area of the polygon, and overlaps do not add up", () => {
  const triangle = Float64Array.of(1.3, 0.7, 14.2, 5.1, 3.9, 13.6);
  expect(total(rasterise([triangle], 16))).toBeCloseTo(signedArea([triangle]), 4);
  expect(total(rasterise([box(2, 2, 6, 6), box(4, 2, 8, 6)], 16))).toBe(24);
});

test("holes stay empty and parts outside the picture are cut off", () => {
  const hole = Float64Array.of(4, 4, 4, 8, 8, 8, 8, 4);
  const coverage = rasterise([box(2, 2, 10, 10), hole], 12);
  expect(coverage[5 * 12 + 5]).toBe(0);
  expect(total(coverage)).toBe(48);
  expect(total(rasterise([box(-5, -5, 3, 40)], 12))).toBe(36);
  expect(total(rasterise([box(11, 0, 30, 2)], 12))).toBe(2);
});

test("offset grows outer contours and shrinks holes", () => {
  const ring = [box(2, 2, 10, 10), Float64Array.of(4, 4, 4, 8, 8, 8, 8, 4)];
  expect(signedArea(offset(ring, 0.3))).toBeGreaterThan(signedArea(ring) + 5);
  expect(signedArea(offset(ring, -0.3))).toBeLessThan(signedArea(ring) - 5);
  expect(strokeWidth([box(0, 0, 1, 100)])).toBeCloseTo(1, 1);
});

test("a path string becomes polygons that touch its absolute points", () => {
  expect(parseOutline("m0 0l10 0l0 5m1-2l3 0l0 3l-3-3").map((p) => Array.from(p))).toEqual([
    [0, 0, 10, 0, 10, 5],
    [1, -2, 4, -2, 4, 1],
  ]);
  const [curve] = parseOutline("m0 0q10 0 10 10c0 5-5 10-10 10");
  expect(curve?.length).toBe(2 * (1 + 6 + 8));
  expect(Array.from(curve?.subarray(12, 14) ?? [])).toEqual([10, 10]);
  expect(Array.from(curve?.subarray(28, 30) ?? [])).toEqual([0, 20]);
});
