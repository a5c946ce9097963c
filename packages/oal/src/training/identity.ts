/** Which training a checkpoint belongs to. */
import { createHash } from "node:crypto";
import { printGraph } from "oal-core";
import type { TrainingOptions } from "./options.js";
import type { TrainingStep } from "./step.js";
import type { TrainingTask } from "./task.js";

/**
 * The identity of a training: {@link TrainingOptions.identity}, or a hash of everything its result follows from: options, step
 * graph, the first batch (which differs with the data) and tensors it starts from. 16 hexadecimal digits.
 */
export function trainingIdentity(step: TrainingStep, task: TrainingTask, options: TrainingOptions): string {
  if (options.identity !== undefined) return options.identity;
  const { seed, steps, optimizer, schedule, groupRates, clipNorm, ema } = options;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([seed, steps, optimizer, schedule, groupRates, clipNorm, ema]));
  hash.update(printGraph(step.graph));
  if (task.rest) hash.update(`\0rest every ${task.rest.every}`);
  if (task.selection) hash.update(`\0selection every ${task.selection.every}`);
  for (const [name, { data }] of [...Object.entries(task.batch(0)), ...(task.initial ?? [])]) {
    hash.update(`\0${name}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex").slice(0, 16);
}
