import { describe, expect, it } from "vitest";
import { StepRate } from "./stepRate.js";

/** Tells of a step every `interval` milliseconds from `start` to `end`; the last answer. */
function walk(
  rate: StepRate,
  { start, end, interval, step }: Record<"start" | "end" | "interval" | "step", number>,
) {
  let last: number | undefined;
  for (let now = start, done = step; now <= end; now += interval, done += 1) last = rate.at(now, done);
  return last;
}

describe("the rate of a training", () => {
  it("says nothing in the first half second", () => {
    const rate = new StepRate();
    expect(rate.at(1000, 0)).toBeUndefined();
    expect(rate.at(1500, 3)).toBeUndefined();
  });

  it("is that of an even training at any time", () => {
    expect(walk(new StepRate(), { start: 0, end: 2000, interval: 100, step: 0 })).toBeCloseTo(10);
    expect(walk(new StepRate(), { start: 0, end: 600_000, interval: 100, step: 0 })).toBeCloseTo(10);
  });

  it("counts from the step at which a resumed training begins", () => {
    expect(walk(new StepRate(), { start: 0, end: 5000, interval: 500, step: 9000 })).toBeCloseTo(2);
  });

  it("forgets a pause within a minute", () => {
    const rate = new StepRate();
    walk(rate, { start: 0, end: 100_000, interval: 100, step: 0 });
    expect(rate.at(1_100_000, 1001)).toBeLessThan(1);
    expect(walk(rate, { start: 1_100_100, end: 1_161_000, interval: 100, step: 1002 })).toBeCloseTo(10);
  });
});
