/** A triangle: up, then down to the last rate. */
import { z } from "zod";
import { defineSchedule, scheduleFields, type Schedule } from "./schedule.js";

/** Choices of the triangle. */
export interface TriangularOptions {
  /** Factor of the first step. */
  readonly start: number;
  /** Factor behind the last step. */
  readonly end: number;
  /** Where the factor is 1, as a fraction of the run. */
  readonly peak: number;
}

/**
 * Linear from `start` to 1 at step floor(peak total), then linear to `end` at step total.
 *
 * @param total steps of the run
 * @source Keller Jordan, airbench94, function triangle
 */
export function triangular(total: number, { start, end, peak }: TriangularOptions): Schedule {
  const top = Math.floor(peak * total);
  return (step) => {
    const at = Math.min(step, total);
    if (at < top) return { factor: start + ((1 - start) * at) / top };
    return { factor: total === top ? 1 : 1 + ((end - 1) * (at - top)) / (total - top) };
  };
}

/** Up from a fifth of the highest rate, then down to the last. */
export const triangularSchedule = defineSchedule({
  id: "triangular",
  title: "a triangle, from a fifth of the highest rate",
  source: "Keller Jordan, airbench94",
  schema: z.strictObject(scheduleFields),
  make: ({ warmup, minFactor }, steps) => triangular(steps, { start: 0.2, peak: warmup, end: minFactor }),
});
