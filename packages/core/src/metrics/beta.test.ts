/** The Beta distribution against binomial sums, closed forms and tabulated quantiles. */
import { describe, expect, it } from "vitest";
import { betaDistribution, betaQuantile, binomialInterval } from "./beta.js";

/** P(Bin(n, x) >= k), summed exactly: the same number as I_x(k, n + 1 - k). */
function atLeast(k: number, n: number, x: number): number {
  let sum = 0;
  let choose = 1;
  for (let i = 0; i <= n; i++) {
    if (i >= k) sum += choose * x ** i * (1 - x) ** (n - i);
    choose = (choose * (n - i)) / (i + 1);
  }
  return sum;
}

describe("the Beta distribution", () => {
  it.each([
    [1, 1, 0.3],
    [5, 9, 0.6],
    [19, 19, 0.95],
    [92, 96, 0.95],
    [10, 200, 0.05],
  ])("is the binomial sum of %i or more of %i at %d", (k, n, x) => {
    expect(betaDistribution(x, k, n + 1 - k)).toBeCloseTo(atLeast(k, n, x), 12);
  });

  it("has its closed forms", () => {
    for (const x of [0, 1e-9, 0.2, 0.5, 0.999, 1]) {
      expect(betaDistribution(x, 3, 1)).toBeCloseTo(x ** 3, 13);
      expect(betaDistribution(x, 1, 4)).toBeCloseTo(1 - (1 - x) ** 4, 13);
      expect(betaDistribution(x, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(x)), 12);
    }
    expect(betaQuantile(0.3, 1, 1)).toBeCloseTo(0.3, 14);
    expect(betaQuantile(0.025, 19, 1)).toBeCloseTo(0.025 ** (1 / 19), 13);
    expect([betaQuantile(0, 2, 3), betaQuantile(1, 2, 3)]).toEqual([0, 1]);
  });

  it("has the quantiles of the tables", () => {
    // F(0.95; 2b, 2a) of the F tables: with a = 5, b = 10, F = 2.348 (20 and 10 degrees: 2.774)
    expect(betaQuantile(0.95, 5, 10)).toBeCloseTo(1 / (1 + 10 / (5 * 2.3479)), 4);
    expect(betaQuantile(0.95, 10, 5)).toBeCloseTo(1 / (1 + 5 / (10 * 2.774)), 4);
  });

  it("gives the exact interval of a rate", () => {
    // Clopper and Pearson's own table, and the rule of three
    expect(binomialInterval(3, 10)).toEqual([expect.closeTo(0.0667, 4), expect.closeTo(0.6525, 4)]);
    expect(binomialInterval(0, 100)).toEqual([0, expect.closeTo(1 - 0.025 ** 0.01, 10)]);
    expect(binomialInterval(7, 7)).toEqual([expect.closeTo(0.025 ** (1 / 7), 10), 1]);
    expect(() => binomialInterval(8, 7)).toThrowError(expect.objectContaining({ code: "OAL-C120" }));
  });

  it("inverts itself, also for many thousand pictures", () => {
    for (const [a, b] of [
      [95, 6],
      [9500, 501],
      [950_000, 50_001],
    ] as const)
      for (const p of [0.025, 0.5, 0.975])
        expect(betaDistribution(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 8);
  });
});
