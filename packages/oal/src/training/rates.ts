/** The schedule of a training, from the shapes in nn/schedules. */
import { oneCycle } from "../nn/schedules/oneCycle.js";
import { constant, cosine, triangular, warmUp, type Schedule } from "../nn/schedules/schedule.js";
import type { ScheduleOptions } from "./options.js";

/**
 * Factor of the learning rate (and momentum, where the shape cycles it) by step. Every shape but the constant one ends at
 * its final factor.
 */
export function scheduleOf(options: ScheduleOptions, steps: number): Schedule {
  const { warmup } = options;
  const rising = Math.round(warmup * steps);
  switch (options.id) {
    case "constant":
      return warmUp(rising, constant());
    case "cosine": {
      const falling = cosine(Math.max(1, steps - rising), options.finalFactor);
      return warmUp(rising, (step) => falling(Math.max(0, step - rising)));
    }
    case "oneCycle":
      return oneCycle(steps, { risingShare: Math.max(warmup, 2 / steps), endFactor: options.finalFactor });
    case "triangular":
      return triangular(steps, { peak: warmup, end: options.finalFactor });
  }
}
