/** How many stages are made at the same time, and what each of them gets of the machine. */
import { availableParallelism } from "node:os";
import type { Configuration } from "./configuration/schema.js";
import type { EngineChoice } from "../runtime/engines/index.js";
import { studentsOf } from "./seeds.js";

/** The threads of each of several stages that are made at the same time; those of one alone are as configured. */
export function threadsOfEach({ jobs, threads }: Pick<Configuration, "jobs" | "threads">): number {
  if (jobs === 1) return threads;
  return Math.max(1, Math.floor((threads === 0 ? availableParallelism() : threads) / jobs));
}

/** How many stages are made at the same time on a device, and a warning where these are fewer than asked for. */
export function jobsOn(
  { device }: Pick<EngineChoice, "device">,
  { jobs }: Pick<Configuration, "jobs">,
): { readonly jobs: number; readonly warning: string | null } {
  if (device === "cpu" || jobs === 1) return { jobs, warning: null };
  return {
    jobs: 1,
    warning: `one stage is made at a time, and not ${jobs}: in one process only one can use WebGPU; several processes of the same command share its work`,
  };
}

/** How many of a run's largest stages there can be at the same time: no more than it has students. */
export function stagesAtOnce(config: Configuration): number {
  return Math.max(1, Math.min(config.jobs, studentsOf(config).length));
}
