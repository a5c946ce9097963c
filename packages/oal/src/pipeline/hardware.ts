/** What machine this is, as runs and reports record it. */
import { availableParallelism, cpus, totalmem } from "node:os";

/** A machine. */
export type Hardware = Readonly<{ cpu: string; cores: number; memoryGiB: number; platform: string }>;

/** This machine. */
export function hardware(): Hardware {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    platform: `${process.platform}-${process.arch}`,
  };
}
