/**
 * Resampling in several threads: resamples do not depend on one another, so each thread has its share of them, and the numbers are the same
 * with any number of threads. Little of it is done where it is asked for.
 */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { BootstrapSamples, metrics, oalError, type MetricName } from "oal-core";
import { errorOf, type WorkerError } from "../runtime/workerError.js";
import { resampleSteps, type ResampleRange, type ResampleTask } from "./resample.js";

/** How to resample. */
export interface ResampleOptions {
  /** 0: one per core. Default 1. */
  readonly threads?: number | undefined;
  /** Called now and then with the share that is done, in [0, 1]; what it throws ends the work. */
  readonly onTurn?: ((done: number) => void) | undefined;
}

/** What a thread is given at its start. */
export interface ResampleInput {
  readonly task: ResampleTask;
  readonly range: ResampleRange;
  /** The metrics that are wanted, in order. */
  readonly metrics: readonly MetricName[];
}

/** What a thread sends: how many resamples are done, the values [rows, sets, metrics, resamples], that it lacks a metric, or an error. */
export type ResampleMessage =
  | { readonly kind: "done"; readonly count: number }
  | { readonly kind: "values"; readonly values: Float64Array }
  | { readonly kind: "lacking" }
  | WorkerError;

/** Milliseconds of work between two turns of others: the process answers Ctrl-C, and its claims get their heartbeats. */
export const turn = 50;
/** Scores that a thread counts in about two seconds, against a third of a second for the start of another one. */
const worthThreads = 1e8;

/**
 * Resamples a task.
 *
 * @throws as `bootstrap`, or what `onTurn` throws
 */
export async function resampleInThreads(
  task: ResampleTask,
  { threads = 1, onTurn = () => undefined }: ResampleOptions,
): Promise<BootstrapSamples> {
  const wanted = Math.min(threads === 0 ? availableParallelism() : threads, task.resamples);
  const apart =
    wanted > 1 && effortOf(task) >= worthThreads ? await resampleApart(task, wanted, onTurn) : null;
  return apart ?? inTurns(task, onTurn);
}

/** Resamples in this thread, in pieces. */
async function inTurns(task: ResampleTask, onTurn: (done: number) => void): Promise<BootstrapSamples> {
  const steps = resampleSteps(task);
  let began = performance.now();
  for (let done = 0; ; done++) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < turn) continue;
    await setImmediate();
    onTurn(done / task.resamples);
    began = performance.now();
  }
}

/**
 * Resamples in so many threads.
 *
 * @returns null where a metric was registered that other threads do not know
 */
export async function resampleApart(
  task: ResampleTask,
  threads: number,
  onTurn: (done: number) => void,
): Promise<BootstrapSamples | null> {
  const ranges = Array.from({ length: threads }, (_, t): ResampleRange => {
    const from = Math.floor((t * task.resamples) / threads);
    return { from, count: Math.floor(((t + 1) * task.resamples) / threads) - from };
  });
  const done = ranges.map(() => 0);
  const workers: Worker[] = [];
  let clock: NodeJS.Timeout | undefined;
  try {
    const cut = new Promise<never>((_, reject) => {
      clock = setInterval(() => {
        try {
          onTurn(done.reduce((sum, each) => sum + each) / task.resamples);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }, turn);
    });
    const all = ranges.map((range, t) => {
      const workerData: ResampleInput = { task, range, metrics: metrics.ids };
      const worker = new Worker(new URL("./resampleWorker.js", import.meta.url), { workerData });
      workers.push(worker);
      return valuesFrom(worker, (count) => (done[t] = count));
    });
    const parts = await Promise.race([Promise.all(all), cut]);
    return joined(task, ranges, parts);
  } finally {
    clearInterval(clock);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** What a thread comes to; null where it lacks a metric. */
function valuesFrom(worker: Worker, onDone: (count: number) => void): Promise<Float64Array | null> {
  return new Promise((resolve, reject) => {
    worker.on("message", (message: ResampleMessage) => {
      if (message.kind === "done") onDone(message.count);
      else if (message.kind === "error") reject(errorOf(message));
      else resolve(message.kind === "values" ? message.values : null);
    });
    const died = (how: string, cause?: unknown): void =>
      reject(oalError("OAL-X101", { problem: `a thread of the bootstrap ${how}` }, cause));
    worker.on("error", (error) => died(`died: ${String(error)}`, error));
    worker.on("exit", (code) => died(`ended with ${code}`));
  });
}

/** The shares of all threads, in order. */
function joined(
  task: ResampleTask,
  ranges: readonly ResampleRange[],
  parts: readonly (Float64Array | null)[],
): BootstrapSamples | null {
  const sets = task.rows[0]?.ood.length ?? 0;
  const lines = task.rows.length * sets * metrics.ids.length;
  const values = new Float64Array(lines * task.resamples);
  for (const [t, { from, count }] of ranges.entries()) {
    const part = parts[t];
    if (!part) return null;
    for (let line = 0; line < lines; line++)
      values.set(part.subarray(line * count, (line + 1) * count), line * task.resamples + from);
  }
  return new BootstrapSamples(task.resamples, sets, metrics.ids, values);
}

/** Scores that are counted. */
function effortOf({ rows, resamples }: ResampleTask): number {
  const [first] = rows;
  const each = first?.ood.reduce((sum, { length }) => sum + length + first.id.length, 0) ?? 0;
  return rows.length * resamples * each;
}
