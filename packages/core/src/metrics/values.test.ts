/** Metrics on samples small enough to count: ties, exact operating points, edges of bins, pairs. */
import { describe, expect, it } from "vitest";
import * as metrics from "./index.js";

const near = (value: number): unknown => expect.closeTo(value, 12);

describe("FPR at 95 %", () => {
  it("is read where exactly 95 % are reached", () => {
    // 20 OOD samples, 19 of them below every ID sample, the last above the lower half of them.
    const ood = [...Array.from({ length: 19 }, (_, i) => i), 100];
    const id = [50, 51, 150, 151];
    expect(metrics.fpr95(id, ood)).toBe(0);
    expect(metrics.fpr95(id, [...ood.slice(0, 18), 99, 100])).toBe(0.5);
    expect(
      metrics.fpr95Id(
        ood.map((x) => -x),
        id.map((x) => -x),
      ).rate,
    ).toBe(0);
  });
});

describe("AUPR", () => {
  it("interpolates linearly: positive, negative, positive", () => {
    // Points (recall, precision): (0, 1), (1/2, 1), (1/2, 1/2), (1, 2/3).
    expect(metrics.auprIn([3, 1], [2])).toBeCloseTo(0.5 + (0.5 * (1 / 2 + 2 / 3)) / 2, 12);
    expect(metrics.auprOut([-2], [-3, -1])).toBeCloseTo(0.5 + (0.5 * (1 / 2 + 2 / 3)) / 2, 12);
    // Constant scores: (1 + prevalence) / 2.
    expect(metrics.auprIn([0, 0, 0], [0])).toBeCloseTo((1 + 3 / 4) / 2, 12);
  });
});

describe("AURC", () => {
  it("spreads the errors of a tie, and its excess is over the best order of as many errors", () => {
    // Confidence 3: right; a tie of one right and one wrong: risks 0, (1/2)/2, 1/3.
    const { aurc, excess } = metrics.aurc([3, 2, 2], [0, 0, 1]);
    expect(aurc).toBeCloseTo((0 + 0.25 + 1 / 3) / 3, 12);
    expect(excess).toBeCloseTo(aurc - (1 / 3 + (2 / 3) * Math.log(2 / 3)), 12);
  });
});

describe("calibration", () => {
  it("puts an edge into the bin below it", () => {
    // Two bins: (0, 1/2] and (1/2, 1]. 0.5 belongs to the first, together with 0.3.
    const { ece, mce } = metrics.calibrationError([0.5, 0.3, 1], [1, 0, 1], 2);
    expect(ece).toBeCloseTo((2 / 3) * Math.abs(0.5 - 0.4), 12);
    expect(mce).toBeCloseTo(0.1, 12);
  });

  it("does so for every edge, whatever its product with the number of bins rounds to", () => {
    for (const bins of [2, 15, 25, 29, 41]) {
      for (let k = 1; k <= bins; k++) {
        // The edge k / bins is right, the middle of bin k wrong: together in one bin their gap is |1/2 - their mean|.
        const pair = [k / bins, (k - 0.5) / bins];
        const gap = Math.abs(0.5 - (k - 0.25) / bins);
        expect(metrics.calibrationError(pair, [1, 0], bins).ece, `${k} of ${bins}`).toBeCloseTo(gap, 12);
      }
    }
  });

  it("has the largest gap of any bin as MCE, however few images are in it", () => {
    const confidence = [...Array.from({ length: 99 }, () => 1), 0.4];
    const { ece, mce } = metrics.calibrationError(
      confidence,
      confidence.map((c) => (c === 1 ? 1 : 0)),
    );
    expect(mce).toBeCloseTo(0.4, 12);
    expect(ece).toBeCloseTo(0.004, 12);
  });

  it("Brier score and likelihood of two rows", () => {
    const odds = Math.log(3); // probabilities 3/4 and 1/4
    const { brier, nll } = metrics.properScores([odds, 0, odds, 0], [0, 1]);
    expect(brier).toBeCloseTo((2 * (1 / 4) ** 2 + 2 * (3 / 4) ** 2) / 2, 12);
    expect(nll).toBeCloseTo(-(Math.log(3 / 4) + Math.log(1 / 4)) / 2, 12);
  });
});

describe("OSCR and CCR", () => {
  it("a tie of a right ID image and an OOD image counts half", () => {
    expect(metrics.oscr([1], [1], [1])).toBe(0.5);
    expect(metrics.oscr([2, 1, 3], [1, 1, 0], [1, 0])).toBeCloseTo((2 + 1.5) / 6, 12);
  });

  it("CCR counts what lies above the threshold, not on it", () => {
    // The largest of four OOD confidences is the threshold at 25 %.
    expect(metrics.ccrAtFpr([5, 4, 6, 9], [1, 1, 1, 0], [1, 2, 3, 5], 0.25)).toBe(0.25);
    expect(metrics.ccrAtFpr([5, 4, 6, 9], [1, 1, 1, 0], [1, 2, 3, 5], 0.5)).toBe(0.75);
  });
});

describe("intervals and tests", () => {
  it("percentiles interpolate between order statistics", () => {
    const samples = Float64Array.from({ length: 41 }, (_, i) => 40 - i);
    expect(metrics.percentileInterval(samples)).toEqual([near(1), near(39)]);
    expect(metrics.percentileInterval(Float64Array.of(0, 10), 0.5)).toEqual([near(2.5), near(7.5)]);
  });

  it("the p value of a paired difference is two-sided and never 0", () => {
    const zeros = new Float64Array(99);
    const above = zeros.map((_, i) => (i < 96 ? 1 : -1));
    expect(metrics.pairedDifference(above, zeros).p).toBeCloseTo(2 * (4 / 100), 12);
    expect(metrics.pairedDifference(zeros, above).p).toBeCloseTo(2 * (4 / 100), 12);
    expect(
      metrics.pairedDifference(
        zeros.map(() => 1),
        zeros,
      ).p,
    ).toBeCloseTo(0.02, 12);
    expect(metrics.pairedDifference(zeros, zeros).p).toBe(1);
  });

  it("Holm's adjusted values never fall, and are at most 1", () => {
    expect(metrics.holm([0.02, 0.011, 0.9])).toEqual([near(0.04), near(0.033), near(0.9)]);
    expect(metrics.holm([0.011, 0.012, 0.3])).toEqual([near(0.033), near(0.033), near(0.3)]);
    expect(metrics.holm([0.6, 0.7])).toEqual([1, 1]);
  });

  it("DeLong's variances and covariances are those of the placements, with n - 1", () => {
    const id = [3, 1, 4];
    const ood = [2, 0];
    const other = { id: [1, 3, 4], ood: [0, 2] };
    const { auroc, covariance } = metrics.delong([{ id, ood }, other]);
    // Placements of ID: shares of OOD below: (1, 1/2, 1) and (1/2, 1, 1); of OOD: shares of ID above: (2/3, 1), (1, 2/3).
    expect(auroc).toEqual([near(5 / 6), near(5 / 6)]);
    const own = 1 / 12 / 3 + 1 / 18 / 2; // variances 1/12 of three and 1/18 of two
    const shared = -1 / 24 / 3 - 1 / 18 / 2;
    expect(covariance).toEqual([
      [near(own), near(shared)],
      [near(shared), near(own)],
    ]);
  });

  it("DeLong's test knows that two detectors saw the same images", () => {
    const first = { id: [3, 1, 4, 5], ood: [2, 0, 1.5] };
    const second = { id: [3, 1, 4, 1.7], ood: [2, 0, 1.2] };
    const { auroc, covariance } = metrics.delong([first, second]);
    const at = (i: number, j: number): number => covariance[i]?.[j] ?? NaN;
    const z = ((auroc[0] ?? 0) - (auroc[1] ?? 0)) / Math.sqrt(at(0, 0) + at(1, 1) - at(0, 1) - at(1, 0));
    expect(at(0, 1)).toBeGreaterThan(0.001);
    expect(metrics.delongTest(first, second).z).toBeCloseTo(z, 12);
  });
});
