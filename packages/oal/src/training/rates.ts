/** The schedule of a training, from the shapes in nn/schedules. */
import { oneCycle } from "../nn/schedules/oneCycle.js";
import { constant, cosine, triangular, warmUp, type Schedule } from "../nn/schedules/schedule.js";
import type { ScheduleOptions } from "./options.js";

/** Factor of the learning rate (and momentum, where the shape cycles it) by step. */
export function scheduleOf({ id, warmup, finalFactor }: ScheduleOptions, steps: number): Schedule {
  const rising = Math.round(warmup * steps);
  switch (id) {
    case "constant":
      return warmUp(rising, constant());
    case "cosine": {
      const falling = cosine(Math.max(1, steps - rising), finalFactor);
      return warmUp(rising, (step) => falling(Math.max(0, step - rising)));
    }
    case "oneCycle":
      return oneCycle(steps, { risingShare: Math.max(warmup, 2 / steps) });
    case "triangular":
      return triangular(steps, { peak: warmup, end: finalFactor });
  }
}
