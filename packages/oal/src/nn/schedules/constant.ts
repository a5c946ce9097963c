/** Always the same rate, after it has risen. */
import { z } from "zod";
import { defineSchedule, scheduleFields, warmUp, type Schedule } from "./schedule.js";

/** Always the same factor. */
export function constant(factor: number): Schedule {
  return () => ({ factor });
}

/** The highest rate to the end. */
export const constantSchedule = defineSchedule({
  id: "constant",
  title: "the same rate to the end",
  source: "Robbins and Monro 1951, without their decrease",
  schema: z.strictObject({ warmup: scheduleFields.warmup }),
  make: ({ warmup }, steps) => warmUp(Math.round(warmup * steps), constant(1)),
});
