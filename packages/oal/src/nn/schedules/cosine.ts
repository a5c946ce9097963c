/** Half a cosine, after the rate has risen. */
import { z } from "zod";
import { defineSchedule, scheduleFields, warmUp, type Schedule } from "./schedule.js";

/**
 * Half a cosine from 1 to `minimum`: minimum + (1 - minimum)(1 + cos(pi step / total)) / 2.
 *
 * @param total steps of the run
 * @param minimum factor at the end. The published trainer uses 1e-8 / base rate
 * @source Loshchilov and Hutter 2017, equation 5, without restarts
 */
export function cosine(total: number, minimum: number): Schedule {
  return (step) => ({
    factor: minimum + ((1 - minimum) * (1 + Math.cos((Math.PI * Math.min(step, total)) / total))) / 2,
  });
}

/** Half a cosine to the last rate. */
export const cosineSchedule = defineSchedule({
  id: "cosine",
  title: "half a cosine to the last rate",
  source: "Loshchilov and Hutter 2017, equation 5, without restarts",
  schema: z.strictObject(scheduleFields),
  make: ({ warmup, minFactor }, steps) => {
    const rising = Math.round(warmup * steps);
    const falling = cosine(Math.max(1, steps - rising), minFactor);
    return warmUp(rising, (step) => falling(Math.max(0, step - rising)));
  },
});
