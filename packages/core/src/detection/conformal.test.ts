/** The promise of a calibration, by exact counting and by simulation: over all known pictures and over those of a predicted class. */
import { describe, expect, it } from "vitest";
import { Random } from "../random/index.js";
import {
  calibrationFor,
  classCuts,
  coverage,
  decide,
  fewestCalibration,
  keptOfCalibration,
  makeDecision,
} from "./index.js";

describe("the number of calibration pictures that a cut keeps", () => {
  it("is the smallest that promises the share, and all where none does", () => {
    for (const keep of [0.5, 0.8, 0.9, 0.95, 0.99])
      for (let n = 1; n <= 400; n++) {
        const k = keptOfCalibration(n, keep);
        expect(k).toBeLessThanOrEqual(n);
        if (n < fewestCalibration(keep)) expect(k).toBe(n);
        else {
          expect(k / (n + 1)).toBeGreaterThanOrEqual(keep - 1e-12);
          expect((k - 1) / (n + 1)).toBeLessThan(keep);
        }
      }
    expect([0.5, 0.9, 0.95, 0.99].map(fewestCalibration)).toEqual([1, 9, 19, 99]);
    expect(keptOfCalibration(19, 0.95)).toBe(19);
    expect(keptOfCalibration(20, 1)).toBe(20);
  });

  it("makes known the same as a p value above 1 - target", () => {
    const random = new Random(2, "conformal");
    for (const n of [19, 20, 57, 96, 300]) {
      const decision = makeDecision(random.normals(n, n), { detector: "ebo" });
      for (const score of random.normals(1000 + n, 200)) {
        const { known, pValue } = decide(decision, score);
        // 1 - 0.95 is 0.05 and a little
        expect(known).toBe(pValue > 0.05 + 1e-12);
      }
    }
  });
});

describe("the interval of the true rate", () => {
  it("is that of the Beta distribution", () => {
    const { mean, low, high } = coverage(99, 95);
    expect(mean).toBeCloseTo(0.95, 12);
    // quantiles of Beta(95, 5)
    expect(low).toBeCloseTo(0.8995, 3);
    expect(high).toBeCloseTo(0.9834, 3);
    const all = coverage(19, 19);
    expect([all.mean, all.low, all.high]).toEqual([
      expect.closeTo(0.95, 12),
      expect.closeTo(0.025 ** (1 / 19), 10),
      expect.closeTo(0.975 ** (1 / 19), 10),
    ]);
  });

  it("becomes as narrow as wanted with the number of pictures it names", () => {
    for (const [keep, width] of [
      [0.95, 0.1],
      [0.95, 0.04],
      [0.9, 0.02],
    ] as const) {
      const n = calibrationFor(keep, width);
      const widthOf = (count: number): number => {
        const { low, high } = coverage(count, keptOfCalibration(count, keep));
        return high - low;
      };
      expect(widthOf(n)).toBeLessThanOrEqual(width);
      expect(widthOf(Math.floor(0.9 * n))).toBeGreaterThan(width);
    }
  });

  it("refuses what is no share and no count", () => {
    const refused = expect.objectContaining({ code: "OAL-C120" });
    expect(() => coverage(10, 11)).toThrowError(refused);
    expect(() => coverage(10, 0)).toThrowError(refused);
    expect(() => fewestCalibration(1)).toThrowError(refused);
    expect(() => calibrationFor(0.95, 0)).toThrowError(refused);
  });
});

/** The true rate at which a standard normal score reaches a cut, from many fresh ones. */
const fresh = Float32Array.from(new Random(5, "fresh").normals(0, 20_000)).sort();
function rateAbove(cut: number): number {
  let [low, high] = [0, fresh.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fresh[middle] ?? 0) < cut) low = middle + 1;
    else high = middle;
  }
  return (fresh.length - low) / fresh.length;
}

describe("simulated calibrations", () => {
  const random = new Random(3, "coverage");
  const trials = 300;

  it.each([19, 60, 96])("with %i pictures keep 95 % on average, and the rate lies in its interval", (n) => {
    const { mean, low, high } = coverage(n, keptOfCalibration(n, 0.95));
    let [sum, inside] = [0, 0];
    for (let trial = 0; trial < trials; trial++) {
      const { cuts } = makeDecision(random.derive(`${n}`).normals(trial, n), { detector: "ebo" });
      const rate = rateAbove(cuts.unknown);
      sum += rate;
      if (rate >= low && rate <= high) inside++;
    }
    const deviation = Math.sqrt((mean * (1 - mean)) / (n + 2));
    expect(Math.abs(sum / trials - mean)).toBeLessThan((4 * deviation) / Math.sqrt(trials) + 0.002);
    expect(sum / trials).toBeGreaterThan(0.945);
    expect(inside / trials).toBeGreaterThan(0.92);
    expect(inside / trials).toBeLessThan(0.98);
  });

  it("per predicted class keep 95 % of each, where one cut for all does not", () => {
    // class 1 scores lower: the pooled cut rejects far too many of it
    const shift = [1, -1];
    const [own, pooled] = [
      [0, 0],
      [0, 0],
    ];
    for (let trial = 0; trial < trials; trial++) {
      const drawn = random.derive("classes").normals(trial, 120);
      const predicted = Array.from(drawn, (_, i) => (i % 4 === 0 ? 1 : 0));
      const scores = Array.from(drawn, (value, i) => value + (shift[predicted[i] ?? 0] ?? 0));
      const all = makeDecision(scores, { detector: "ebo" });
      const cuts = classCuts(scores, predicted, { classes: 2, target: 0.95, pooled: all.cuts });
      cuts.forEach((each, c) => {
        expect(each.own).toBe(true);
        own[c] = (own[c] ?? 0) + rateAbove(each.cuts.unknown - (shift[c] ?? 0)) / trials;
        pooled[c] = (pooled[c] ?? 0) + rateAbove(all.cuts.unknown - (shift[c] ?? 0)) / trials;
      });
    }
    for (const rate of own) expect(rate).toBeGreaterThan(0.945);
    expect(pooled[1]).toBeLessThan(0.85);
  });
});

describe("cuts per class", () => {
  it("are pooled below the fewest pictures, and say so", () => {
    const scores = Array.from({ length: 40 }, (_, i) => i);
    const predicted = scores.map((i) => (i < 19 ? 0 : i < 37 ? 1 : 2));
    const cuts = classCuts(scores, predicted, {
      classes: 4,
      target: 0.95,
      ask: 0.5,
      pooled: { unknown: 1, ask: 20 },
    });
    expect(cuts).toEqual([
      { count: 19, own: true, cuts: { unknown: 0, ask: 9 } },
      { count: 18, own: false, cuts: { unknown: 1, ask: 20 } },
      { count: 3, own: false, cuts: { unknown: 1, ask: 20 } },
      { count: 0, own: false, cuts: { unknown: 1, ask: 20 } },
    ]);
  });
});
