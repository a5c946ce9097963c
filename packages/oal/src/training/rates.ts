/** The schedule of a training. */
import { schedules } from "../nn/schedules/index.js";
import type { Schedule } from "../nn/schedules/schedule.js";
import type { ScheduleOptions } from "./options.js";

/**
 * Factor of the learning rate (and momentum, where the schedule cycles it) by step.
 *
 * @throws OAL-C204 for a schedule that does not exist, OAL-C208 for an option that it does not have
 */
export function scheduleOf({ id, rate: _rate, ...options }: ScheduleOptions, steps: number): Schedule {
  return schedules.find(id).make(options, steps);
}
