/** How many stages are made at the same time, and what each of them gets of the machine. */
import { availableParallelism } from "node:os";
import type { Configuration } from "./configuration/schema.js";
import { chooseDevice, type EngineChoice } from "../runtime/engines/index.js";
import { studentsOf } from "./seeds.js";

/** What stages are made with: the engine that each of them gets, how many there are at a time, and what is to be said of it. */
export interface MachineShare {
  readonly choice: EngineChoice;
  readonly jobs: number;
  /** Which device was chosen, where there was a choice. */
  readonly sentence: string | null;
  readonly warning: string | null;
}

/**
 * Chooses the device, and shares its threads among as many stages as it makes at the same time.
 *
 * @param choose another choice, for tests
 * @throws OAL-R112 when WebGPU is asked for and cannot be used
 */
export async function shareMachine(
  config: Pick<Configuration, "device" | "jobs" | "threads">,
  choose: typeof chooseDevice = chooseDevice,
): Promise<MachineShare> {
  const { choice, sentence } = await choose(config.device, config.threads);
  const { jobs, warning } = jobsOn(choice, config);
  const threads = threadsOfEach({ jobs, threads: config.threads });
  return { choice: { ...choice, threads }, jobs, sentence, warning };
}

/** The threads of each of several stages that are made at the same time; those of one alone are as configured. */
function threadsOfEach({ jobs, threads }: Pick<Configuration, "jobs" | "threads">): number {
  if (jobs === 1) return threads;
  return Math.max(1, Math.floor((threads === 0 ? availableParallelism() : threads) / jobs));
}

/** How many stages are made at the same time on a device, and a warning where these are fewer than asked for. */
function jobsOn(
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
export function stagesAtOnce(jobs: number, config: Configuration): number {
  return Math.max(1, Math.min(jobs, studentsOf(config).length));
}
