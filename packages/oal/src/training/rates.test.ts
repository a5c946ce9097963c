import { describe, expect, it } from "vitest";
import { scheduleOf } from "./rates.js";

const rate = 0.1;
const factors = (schedule: ReturnType<typeof scheduleOf>, steps: readonly number[]): number[] =>
  steps.map((step) => schedule(step).factor);
const near = (values: readonly number[]): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, 12));

describe("the schedule of a training", () => {
  it("cosine falls from 1 to its final factor", () => {
    const schedule = scheduleOf({ id: "cosine", rate, warmup: 0, minFactor: 0.2 }, 8);
    // 0.2 + 0.8 (1 + cos(pi k / 8)) / 2
    const [quarter, half] = [0.2 + 0.4 * (1 + Math.SQRT1_2), 0.6];
    expect(factors(schedule, [0, 2, 4, 6, 8])).toEqual(near([1, quarter, half, 1.2 - quarter, 0.2]));
    expect(factors(scheduleOf({ id: "cosine", rate, warmup: 0, minFactor: 0 }, 8), [8])).toEqual(near([0]));
  });

  it("cosine with warm-up rises first, then has the rest of the steps to fall", () => {
    const schedule = scheduleOf({ id: "cosine", rate, warmup: 0.25, minFactor: 0.1 }, 12);
    // 3 rising steps at 1/4, 2/4, 3/4, then half a cosine over 9 steps
    expect(factors(schedule, [0, 1, 2, 3, 12])).toEqual(near([0.25, 0.5, 0.75, 1, 0.1]));
    expect(factors(schedule, [6, 9])).toEqual(
      near([1, 2].map((third) => 0.1 + 0.45 * (1 + Math.cos((third * Math.PI) / 3)))),
    );
  });

  it("constant stays at 1 behind its warm-up", () => {
    const schedule = scheduleOf({ id: "constant", rate, warmup: 0.2 }, 10);
    expect(factors(schedule, [0, 1, 2, 9])).toEqual(near([1 / 3, 2 / 3, 1, 1]));
  });

  it("the triangle has its peak at the end of the warm-up and ends at its final factor", () => {
    const schedule = scheduleOf({ id: "triangular", rate, warmup: 0.25, minFactor: 0.05 }, 8);
    expect(factors(schedule, [0, 1, 2, 5, 8])).toEqual(near([0.2, 0.6, 1, 0.525, 0.05]));
  });

  it("one cycle has its peak at the end of the warm-up and lowers the momentum there", () => {
    const schedule = scheduleOf({ id: "oneCycle", rate, warmup: 0.25, minFactor: 1 }, 41);
    // The rise ends at 0.25 * 41 - 1 = 9.25; the start is 1/25 of the peak.
    expect(schedule(0)).toEqual({ factor: expect.closeTo(0.04, 12), momentum: expect.closeTo(0.95, 12) });
    const peak = schedule(9.25);
    expect(peak).toEqual({ factor: expect.closeTo(1, 12), momentum: expect.closeTo(0.85, 12) });
    expect(schedule(40).momentum).toBeCloseTo(0.95, 12);
  });

  it.each(["cosine", "oneCycle", "triangular"] as const)("%s ends at the final factor asked for", (id) => {
    for (const finalFactor of [0, 0.01, 0.3]) {
      const schedule = scheduleOf({ id, rate, warmup: 0.25, minFactor: finalFactor }, 40);
      // One cycle is at its end in the last step, the others behind it.
      expect(schedule(id === "oneCycle" ? 39 : 40).factor).toBeCloseTo(finalFactor, 12);
    }
  });
});
