import { expect, test } from "vitest";
import { commonestConfusions, confusionChart, confusionOf } from "./confusion.js";
import { curveChart, smooth, thin } from "./curves.js";
import { extentOf } from "./extent.js";
import { chart } from "./figure.js";
import { histogram, histogramChart, scoreRange } from "./histogram.js";
import { reliabilityBins } from "./reliability.js";
import { rocPoints, simplify } from "./roc.js";

const area = (points: readonly { x: number; y: number }[]): number =>
  points.slice(1).reduce((sum, b, i) => {
    const a = points[i] ?? b;
    return sum + ((b.x - a.x) * (a.y + b.y)) / 2;
  }, 0);

test("a curve is thinned to its extremes and never loses them", () => {
  const points = Array.from({ length: 5000 }, (_, i) => ({
    step: i,
    value: i === 2345 ? 99 : Math.sin(i / 50),
  }));
  const kept = thin(points, 60);
  expect(kept.length).toBeLessThanOrEqual(120);
  expect(Math.max(...kept.map((point) => point.value))).toBe(99);
  expect(kept.map((point) => point.step)).toEqual(kept.map((point) => point.step).toSorted((a, b) => a - b));
  expect(thin([{ step: 1, value: NaN }], 60)).toEqual([]);
});

test("the running mean keeps a constant, leaves a smooth curve alone and calms a noisy one", () => {
  const noisy = Array.from({ length: 400 }, (_, i) => ({ step: i, value: 5 + (i % 2 === 0 ? 1 : -1) }));
  for (const point of smooth(noisy)) expect(Math.abs(point.value - 5)).toBeLessThan(0.11);
  const rate = Array.from({ length: 400 }, (_, i) => ({ step: i, value: Math.cos(i / 200) }));
  expect(smooth(rate)).toEqual(rate);
  expect(smooth([])).toEqual([]);
});

test("one point, no point and a curve that is not finite can be drawn", () => {
  expect(curveChart("r", "t", [{ step: 1, value: 2 }]).text).toContain("<svg");
  expect(curveChart("r", "t", [{ step: 1, value: NaN }]).text).toContain("no finite value");
  expect(curveChart("r", "t", []).text).toContain("<svg");
});

test("histograms count every value once, outliers in the end bins, NaN nowhere", () => {
  const bins = histogram(Float32Array.of(-9, 0.1, 0.1, 0.6, 9, NaN), [0, 1], 2);
  expect(bins.map((bin) => bin.share * 6)).toEqual([3, 2]);
  expect(scoreRange(Float32Array.of(3, 3), Float32Array.of(3))).toEqual([2.5, 3.5]);
  expect(scoreRange(new Float32Array(0))).toEqual([0, 1]);
  expect(histogramChart("l", Float32Array.of(1), new Float32Array(0), "red", 0.5).text).toContain("<svg");
});

test("the area under the drawn curve is the AUROC, ties half", () => {
  const id = Float32Array.of(3, 2, 2, 1);
  const ood = Float32Array.of(2, 0, -1, 1);
  let wins = 0;
  for (const x of id) for (const y of ood) wins += x > y ? 1 : x === y ? 0.5 : 0;
  expect(area(rocPoints(id, ood))).toBeCloseTo(wins / 16, 12);
  const many = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i * 12.9898) * 2);
  const shifted = many.map((value) => value - 0.7);
  const points = rocPoints(many, shifted);
  expect(points.length).toBeLessThan(400);
  expect(points.at(-1)).toEqual({ x: 1, y: 1 });
});

test("line simplification keeps corners and drops what lies on the line", () => {
  const points = [0, 0.25, 0.5, 0.75, 1].map((x) => ({ x, y: x < 0.6 ? 0 : 1 }));
  expect(simplify(points, 0.001).map((point) => point.x)).toEqual([0, 0.5, 0.75, 1]);
});

test("reliability bins are closed on the right", () => {
  const bins = reliabilityBins(Float32Array.of(1, 0, 0.5), [1, 1, 1], [1, 2, 1]);
  expect(bins.map((bin) => [bin.confidence, bin.accuracy, bin.count])).toEqual([
    [0, 0, 1],
    [0.5, 1, 1],
    [1, 1, 1],
  ]);
});

test("coordinates are rounded, labels and tick texts are not", () => {
  const text = chart('a "b" <c>', {
    width: 100,
    height: 80,
    x: { domain: [0, 0.3333], ticks: [0.125], tickFormat: ".3f" },
    marks: [],
  }).text;
  expect(text).toContain('aria-label="a &quot;b&quot; &lt;c&gt;"');
  expect(text).toContain(">0.125<");
  expect(text).not.toMatch(/translate\([^)]*\.\d\d/);
  expect(text).not.toContain("<style");
});

test("a chart is called what it is called, dollar signs too", () => {
  expect(chart("$& costs $1, $`", { width: 10, height: 10 }).text).toContain(
    'aria-label="$&amp; costs $1, $`"',
  );
});

test("a confusion matrix counts every image once, and the accuracy of a class is its diagonal", () => {
  const confusion = confusionOf([0, 0, 0, 1, 1, 2, -1], [0, 1, 1, 1, 0, 0, 2], 4);
  expect(confusion.cells).toEqual([
    { truth: 0, prediction: 0, count: 1 },
    { truth: 0, prediction: 1, count: 2 },
    { truth: 1, prediction: 0, count: 1 },
    { truth: 1, prediction: 1, count: 1 },
    { truth: 2, prediction: 0, count: 1 },
  ]);
  expect(confusion.classes).toEqual([
    { label: 0, count: 3, accuracy: 1 / 3 },
    { label: 1, count: 2, accuracy: 0.5 },
    { label: 2, count: 1, accuracy: 0 },
    { label: 3, count: 0, accuracy: NaN },
  ]);
  expect(commonestConfusions(confusion, 2)).toEqual([
    { truth: 0, prediction: 1, count: 2 },
    { truth: 1, prediction: 0, count: 1 },
  ]);
});

test("a matrix of two classes has names and numbers, one of a hundred neither", () => {
  const drawn = (classes: number): string => {
    const names = Array.from({ length: classes }, (_, k) => `name${k}`);
    const labels = names.map((_, k) => k);
    return confusionChart("a label", confusionOf(labels, labels, classes), names).text;
  };
  expect(drawn(2)).toContain(">name1</text>");
  expect(drawn(2)).toMatch(/<text[^>]*>1<\/text>/);
  expect(drawn(100)).not.toMatch(/<text[^>]*>(1|name1)<\/text>/);
  expect(drawn(100).match(/<title>name\d+, taken for name\d+: 1 \(100.0 %\)<\/title>/g)).toHaveLength(100);
});

test("the range of more numbers than a call takes is found", () => {
  const many = Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 300_007);
  expect(extentOf(many)).toEqual([0, many.reduce((a, b) => Math.max(a, b))]);
  expect(extentOf([])).toEqual([Infinity, -Infinity]);
});
