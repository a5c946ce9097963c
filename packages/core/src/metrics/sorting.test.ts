/** Orders of scores, and counts along them, against what sorting and counting by hand gives. */
import { expect, it } from "vitest";
import { Random } from "../random/index.js";
import * as metrics from "./index.js";
import { Counter, mergeOrders } from "./ranking.js";
import { ascending, ordered } from "./sorting.js";

const random = new Random(3, "sorting");
const extremes = [Infinity, -Infinity, 0, -0, 1e-45, -1e-45, 3.4028234e38, -3.4028234e38, 1, -1];

/** Scores of every kind: few and many, float32 and not, with ties, zeros of both signs and infinities. */
const kinds: [string, number[]][] = [3, 40, 9000].flatMap((count): [string, number[]][] => {
  const normals = Array.from(random.normals(count, count));
  return [
    [`${count} float32`, [...normals, ...extremes]],
    [`${count} with ties`, [...normals.map((x) => Math.round(2 * x)), ...extremes]],
    [`${count} doubles`, [...normals.map((x) => x / 3), ...extremes, 0.1, 0.1]],
  ];
});

it.each(kinds)("%s are put in order", (_, scores) => {
  const wanted = [...scores].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((x) => x + 0);
  expect(Array.from(ascending(scores, "scores"))).toEqual(wanted);
  const { values, samples } = ordered(scores, "scores");
  expect(Array.from(values)).toEqual(wanted);
  expect(Array.from(samples, (sample) => (scores[sample] ?? NaN) + 0)).toEqual(wanted);
  for (let k = 1; k < samples.length; k++)
    if (values[k] === values[k - 1]) expect(samples[k]).toBeGreaterThan(samples[k - 1] ?? NaN);
});

it("a NaN is named by its place, behind doubles too", () => {
  expect(() => ascending([1, NaN], "scores")).toThrow("scores: the score at index 1 is NaN");
  expect(() => ordered([0.1, 1, NaN], "scores")).toThrow("index 2");
});

it.each(kinds)("counts of resampled %s are those of the samples drawn", (_, scores) => {
  const ood = scores.map((score, i) => (i % 3 === 0 ? score : score - 1));
  const counter = new Counter(2 * scores.length);
  const merged = mergeOrders(ordered(scores, "ID"), ordered(ood, "OOD"));
  const m = scores.length;
  const [drawnId, drawnOod] = [0, 1].map((step) => random.quickIndices(step, m, m));
  if (!drawnId || !drawnOod) throw new Error("no draws");
  const weights = new Int32Array(2 * m);
  for (const i of drawnId) weights[i] = (weights[i] ?? 0) + 1;
  for (const i of drawnOod) weights[m + i] = (weights[m + i] ?? 0) + 1;
  const counts = counter.count(merged, { weights, idTotal: m, oodTotal: m });
  const pick = (from: readonly number[], drawn: Uint32Array): number[] =>
    Array.from(drawn, (i) => from[i] ?? NaN);
  const wanted = metrics.countScores(pick(scores, drawnId), pick(ood, drawnOod), "counts");
  expect(counts.length).toBe(wanted.length);
  for (const side of ["idUpTo", "oodUpTo"] as const)
    expect(counts[side].subarray(0, counts.length)).toEqual(wanted[side].subarray(0, wanted.length));
});

it("scores that are sorted once give the same metrics with every set", () => {
  const id = random.normals(1, 500).map((x) => Math.round(4 * x) + 2);
  const known = metrics.sortScores(id);
  for (const step of [2, 3, 4]) {
    const ood = random.normals(step, 300).map((x) => Math.round(4 * x));
    expect(metrics.detectionMetrics(known, ood)).toEqual(metrics.detectionMetrics(id, ood));
    expect(metrics.rocCurve(known, metrics.sortScores(ood))).toEqual(metrics.rocCurve(id, ood));
  }
  expect(() => metrics.sortScores([0, NaN], "mine")).toThrow("mine: the score at index 1 is NaN");
});
