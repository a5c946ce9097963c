/** Long work of one thread in pieces, between which the process does other things: it answers Ctrl-C, and its claims get their heartbeats. */
import { setImmediate } from "node:timers/promises";

/** Milliseconds of work between two turns. */
const turn = 50;

/**
 * Does the work step by step.
 *
 * @param check  called after others had their turn; what it throws ends the work
 */
export async function inTurns<T>(
  steps: Generator<undefined, T>,
  check: () => void = () => undefined,
): Promise<T> {
  let began = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < turn) continue;
    await setImmediate();
    check();
    began = performance.now();
  }
}

/** Does the work in one go. */
export function atOnce<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
