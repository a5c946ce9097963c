import { describe, expect, it } from "vitest";
import { GlobalRejection } from "./globalRejection.js";
import { DistanceGatherer, medianOf } from "./summary.js";
import { testEngine } from "../../testing/engine.js";

describe("a summary of distances", () => {
  it("has count, moments, extremes and the median's bin", () => {
    const gatherer = new DistanceGatherer();
    gatherer.add([1, 2]);
    gatherer.add([4, 3, 0]);
    const { histogram, ...figures } = gatherer.summary();
    expect(figures).toEqual({
      count: 5,
      minimum: 0,
      maximum: 4,
      mean: 2,
      standardDeviation: expect.closeTo(Math.SQRT2, 12),
      median: expect.closeTo(2.025, 12),
    });
    expect(histogram.filter((n) => n > 0)).toEqual([1, 1, 1, 1, 1]);
    expect([histogram[0], histogram[20], histogram[79]]).toEqual([1, 1, 1]);
  });

  it("is zero without any", () => {
    expect(new DistanceGatherer().summary()).toMatchObject({ count: 0, mean: 0, minimum: 0, maximum: 0 });
  });
});

describe("the exact median", () => {
  it("is the middle, or the mean of the two middle numbers", () => {
    expect(medianOf(Float32Array.of(5, 1, 3))).toBe(3);
    expect(medianOf(Float32Array.of(8, 1, 3, 5))).toBe(4);
    expect(medianOf(new Float32Array())).toBe(0);
  });
});

describe("global rejection", () => {
  it("measures a candidate by the median of the class of its nearest embedding", async () => {
    // Class 0 is wide (median 1), class 1 narrow (median 0.1).
    const bank = Float32Array.of(1, 0, 0, 1);
    const rejection = await GlobalRejection.create(testEngine, bank, [0, 1], 2, [1, 0.1]);
    const angles = [20, 70, 85];
    const form = (indices: readonly number[]): Promise<Float32Array> =>
      Promise.resolve(
        Float32Array.from(
          indices.flatMap((index) => {
            const angle = ((angles[index] ?? 0) * Math.PI) / 180;
            return [Math.cos(angle), Math.sin(angle)];
          }),
        ),
      );
    // Squared distances to the nearest: 0.12 at 20 degrees (of class 0), 0.12 and 0.008 to class 1.
    const taken = await rejection.take([0, 1, 2], 3, form);
    await rejection.release();
    expect(taken.map(({ index }) => index)).toEqual([1]);
    expect(rejection.rejected).toBe(2);
  });
});
