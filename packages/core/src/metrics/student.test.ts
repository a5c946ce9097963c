/** Student's t against the tables, and intervals of means over seeds against their own promise. */
import { describe, expect, it } from "vitest";
import { Random } from "../random/index.js";
import { seedInterval } from "./seedInterval.js";
import { studentP, studentQuantile } from "./student.js";

describe("Student's t", () => {
  it("has the quantiles of the tables", () => {
    // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, two-sided 95 % and 99 %
    for (const [level, degrees, t] of [
      [0.95, 1, 12.706],
      [0.95, 2, 4.303],
      [0.95, 7, 2.365],
      [0.95, 100, 1.984],
      [0.99, 2, 9.925],
      [0.99, 9, 3.25],
    ] as const) {
      expect(studentQuantile(level, degrees)).toBeCloseTo(t, 3);
      expect(studentP(studentQuantile(level, degrees), degrees)).toBeCloseTo(1 - level, 10);
    }
  });

  it("has its closed forms with one and two degrees of freedom", () => {
    for (const t of [-3, 0, 0.1, 1, 40]) {
      expect(studentP(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(Math.abs(t)), 12);
      expect(studentP(t, 2)).toBeCloseTo(1 - Math.abs(t) / Math.sqrt(2 + t * t), 12);
    }
  });
});

describe("the interval of a mean over seeds", () => {
  it("is the t interval where seeds have nothing in common, and the common one where they agree", () => {
    const { interval, p } = seedInterval([1, 2, 6], [3, 3]);
    const reach = 4.302652729911 * Math.sqrt(7 / 3);
    expect(interval[0]).toBeCloseTo(3 - reach, 9);
    expect(interval[1]).toBeCloseTo(3 + reach, 9);
    const t = 3 / Math.sqrt(7 / 3);
    expect(p).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 9);
    const same = seedInterval([2, 2, 2], [1.5, 3]);
    expect(same.interval).toEqual([1.5, 3]);
    expect(same.p).toBeLessThan(1e-10);
    expect(seedInterval([0, 0], [0, 0])).toEqual({ interval: [0, 0], p: 1 });
  });

  it("adds both parts, and its p value says what the interval says", () => {
    const values = [1, 2, 6];
    const [low, high] = seedInterval(values, [1, 7]).interval;
    const reach = 4.302652729911 * Math.sqrt(7 / 3);
    expect(low).toBeCloseTo(3 - Math.hypot(reach, 2), 9);
    expect(high).toBeCloseTo(3 + Math.hypot(reach, 4), 9);
    for (const sign of [1, -1])
      for (const shift of [low - 1e-6, low + 1e-6, high - 1e-6, high + 1e-6]) {
        const moved = values.map((value) => sign * (value - shift));
        const [from, to] = [1 - shift, 7 - shift];
        const { interval, p } = seedInterval(moved, sign > 0 ? [from, to] : [-to, -from]);
        expect(p < 0.05).toBe(interval[0] > 0 || interval[1] < 0);
        expect(p).toBeCloseTo(0.05, 4);
      }
  });

  // Seeds without a true difference: the share of intervals that leave 0 out. `common` is the part of the variance of the mean that all
  // seeds share; the rest differs from seed to seed.
  it.each([3, 8])("of %i seeds without a difference leaves 0 out in about one case of twenty", (n) => {
    const trials = 200;
    for (const common of [0, 0.5]) {
      const draws = new Random(n, `seeds/${common}`).normals(0, trials * (n + 1));
      let out = 0;
      for (let trial = 0; trial < trials; trial++) {
        const own = draws.subarray(trial * (n + 1), (trial + 1) * (n + 1));
        const shared = Math.sqrt(common) * (own[n] ?? 0);
        const values = Array.from(
          own.subarray(0, n),
          (value) => shared + Math.sqrt((1 - common) * n) * value,
        );
        const mean = values.reduce((sum, value) => sum + value, 0) / n;
        const half = 1.959964 * Math.sqrt(common);
        const { interval, p } = seedInterval(values, [mean - half, mean + half]);
        if (interval[0] > 0 || interval[1] < 0) out++;
        expect(p < 0.05).toBe(interval[0] > 0 || interval[1] < 0);
      }
      expect(out / trials).toBeLessThan(0.075);
      if (common !== 0.5) expect(out / trials).toBeGreaterThan(0.025);
    }
  });
});
