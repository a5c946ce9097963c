/** Properties of the metrics over random scores, hand-sized cases, and every error path. */
import { describe, expect, it } from "vitest";
import { Random } from "../random/index.js";
import * as metrics from "./index.js";

const seeds = [1, 2, 3, 4, 5];

function scores(seed: number): { id: number[]; ood: number[] } {
  const random = new Random(seed, "metrics-test");
  const round = (x: Float32Array, shift: number): number[] =>
    Array.from(x, (v) => Math.round(v * 10 + shift) / 10);
  return { id: round(random.normals(0, 41), 8), ood: round(random.normals(1, 37), 0) };
}

/** The definitions by brute force over pairs and thresholds, without the collinear rule. */
function pairs(id: number[], ood: number[]): number {
  let sum = 0;
  for (const x of id) for (const y of ood) sum += x > y ? 1 : x === y ? 0.5 : 0;
  return sum / (id.length * ood.length);
}

describe("properties", () => {
  it.each(seeds)("seed %i", (seed) => {
    const { id, ood } = scores(seed);
    const vector = metrics.detectionMetrics(id, ood);
    for (const name of metrics.metrics.ids) {
      expect(vector[name]).toBeGreaterThanOrEqual(0);
      expect(vector[name]).toBeLessThanOrEqual(1);
    }
    expect(vector.auroc).toBeCloseTo(pairs(id, ood), 12);
    expect(metrics.detectionMetrics([...id].reverse(), [...ood].reverse())).toEqual(vector); // order
    expect(metrics.detectionMetrics(id.map(Math.exp), ood.map(Math.exp))).toEqual(vector); // monotone map
    const swapped = metrics.detectionMetrics(
      ood.map((x) => -x),
      id.map((x) => -x),
    ); // sides and direction
    expect(swapped.auroc).toBeCloseTo(vector.auroc, 12);
    expect(swapped.fpr95).toBe(vector.fpr95Id);
    expect(swapped.auprIn).toBeCloseTo(vector.auprOut, 12);
    const curve = metrics.rocCurve(id, ood);
    let area = 0;
    for (let i = 1; i < curve.falsePositiveRate.length; i++) {
      const width = (curve.falsePositiveRate[i] ?? 0) - (curve.falsePositiveRate[i - 1] ?? 0);
      area += (width * ((curve.truePositiveRate[i] ?? 0) + (curve.truePositiveRate[i - 1] ?? 0))) / 2;
    }
    expect(area).toBeCloseTo(vector.auroc, 12);
    const correct = id.map((_, i) => (i % 3 === 0 ? 0 : 1));
    expect(metrics.oscr(id, correct, ood)).toBeLessThanOrEqual(
      correct.reduce<number>((a, b) => a + b, 0) / id.length,
    );
  });
});

describe("small cases", () => {
  it("separated, reversed, tied", () => {
    expect(metrics.detectionMetrics([2], [1])).toEqual({
      fpr95: 0,
      auroc: 1,
      auprIn: 1,
      auprOut: 1,
      fpr95Id: 0,
    });
    expect(metrics.detectionMetrics([1], [2]).auroc).toBe(0);
    expect(metrics.detectionMetrics([0], [-0])).toMatchObject({ auroc: 0.5, auprIn: 0.75, fpr95: 1 });
    expect(metrics.auroc([Infinity, 1], [-Infinity, 0])).toBe(1);
  });

  it("drops collinear points as the reference does", () => {
    const same = Array.from({ length: 20 }, (_, i) => i);
    expect(metrics.fpr95(same, same)).toBe(1);
    expect(metrics.fprAtRecall(metrics.countScores(same, same, "x"), "ood", 0.95, false).rate).toBe(0.95);
  });

  it("p values, Holm and rounding", () => {
    expect(metrics.twoSidedP(1.959963984540054)).toBeCloseTo(0.05, 14);
    expect(metrics.erfc(0)).toBe(1);
    expect(metrics.erfc(2)).toBeCloseTo(0.004677734981047266, 16);
    expect(metrics.holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(metrics.twoDecimals(0.125)).toBe("0.12");
    expect(metrics.twoDecimals(81.375)).toBe("81.38");
    expect(metrics.twoDecimals(-0.125)).toBe("-0.12");
    expect(metrics.summarizeSeeds([80, 90]).text).toBe("85.00 ± 5.00");
    expect(metrics.delongTest({ id: [2, 1], ood: [0, 0] }, { id: [2, 1], ood: [0, 0] })).toEqual({
      z: 0,
      p: 1,
    });
  });

  it("draws the same resamples again, and intervals hold the value", () => {
    const { id, ood } = scores(9);
    const run = (): metrics.BootstrapSamples =>
      metrics.bootstrap(
        [{ id, ood: [ood, ood] }],
        metrics.drawResamples(new Random(1, "b"), 200, 41, [37, 37]),
      );
    const first = run();
    expect(run().metric(0, 1, "auroc")).toEqual(first.metric(0, 1, "auroc"));
    expect(first.metric(0, 0, "auroc")).not.toEqual(first.metric(0, 1, "auroc"));
    const [low, high] = metrics.percentileInterval(first.mean(0, [0, 1], "auroc"));
    expect(low).toBeLessThan(metrics.auroc(id, ood));
    expect(high).toBeGreaterThan(metrics.auroc(id, ood));
  });
});

describe("errors", () => {
  it("NaN names the side and the index", () => {
    expect(() => metrics.auroc([1, NaN], [0])).toThrow("auroc, ID side: the score at index 1 is NaN");
    expect(() => metrics.auprOut([1], [NaN])).toThrow("index 0");
    expect(() => metrics.aurc([NaN], [1])).toThrow("NaN");
    expect(() => metrics.ccrAtFpr([1], [1], [NaN], 0.1)).toThrow("NaN");
  });

  it("an empty side", () => {
    expect(() => metrics.fpr95([], [1])).toThrow("no ID sample");
    expect(() => metrics.fpr95([1], [])).toThrow("no OOD sample");
    expect(() => metrics.accuracy([0], [-1])).toThrow("no ID sample");
    expect(() => metrics.calibration([], [])).toThrow("no ID sample");
    expect(() => metrics.ccrAtFpr([], [], [1], 0.1)).toThrow("no ID sample");
  });

  it("labels and pairs that do not fit", () => {
    expect(() => metrics.calibration([1, 2], [2])).toThrow("label at index 0 is 2");
    expect(() =>
      metrics.delong([
        { id: [1], ood: [1] },
        { id: [1, 2], ood: [1] },
      ]),
    ).toThrow("2 + 1 scores where 1 + 1");
    const source = metrics.drawResamples(new Random(1, "b"), 2, 1, [1]);
    expect(() =>
      metrics.bootstrap(
        [
          { id: [1], ood: [[1]] },
          { id: [1], ood: [[1, 2]] },
        ],
        source,
      ),
    ).toThrow("1 + 2");
  });
});
