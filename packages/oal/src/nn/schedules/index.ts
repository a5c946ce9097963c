/** The schedules of the learning rate. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { constantSchedule } from "./constant.js";
import { cosineSchedule } from "./cosine.js";
import { oneCycleSchedule } from "./oneCycle.js";
import type { ScheduleKind } from "./schedule.js";
import { triangularSchedule } from "./triangular.js";

/** Every schedule. */
export const schedules = new Registry<ScheduleKind>("schedule", [
  constantSchedule,
  cosineSchedule,
  oneCycleSchedule,
  triangularSchedule,
]);
