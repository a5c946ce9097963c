/** Runs a training job in a worker thread: the engine blocks its thread, and Ctrl-C and progress must stay alive. */
import { Worker } from "node:worker_threads";
import { oalError } from "oal-core";
import type { TrainingEvent } from "../training/trainer.js";
import type { EngineChoice } from "../runtime/engines/index.js";
import { loadedPlugins } from "./plugins/loaded.js";
import type { TrainingJob } from "./trainingJob.js";
import { endWorker } from "../runtime/endWorker.js";
import { errorOf, type WorkerError } from "../runtime/workerError.js";

/** What the worker is given: all of it plain data. */
export interface WorkerInput {
  readonly job: TrainingJob;
  readonly engine: EngineChoice;
  /** Paths of the plugins that the training thread loads first. */
  readonly plugins: readonly string[];
}

/** What the worker sends. */
export type WorkerMessage =
  | { readonly kind: "event"; readonly event: TrainingEvent }
  | { readonly kind: "finished"; readonly finished: boolean }
  | WorkerError;

/**
 * Trains a job to its end or to the abort of `signal`.
 *
 * @returns false when it was stopped; a checkpoint then holds the state
 * @throws the worker's OalError, whatever `onEvent` throws, or OAL-X101 when the worker died
 */
export async function trainInWorker(
  input: Omit<WorkerInput, "plugins">,
  onEvent: (event: TrainingEvent) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  const worker = new Worker(new URL("./trainingWorker.js", import.meta.url), {
    workerData: { ...input, plugins: loadedPlugins().map(({ path }) => path) } satisfies WorkerInput,
  });
  const stop = (): void => worker.postMessage("stop");
  let isBusy = true;
  try {
    return await new Promise<boolean>((resolve, reject) => {
      worker.on("message", (message: WorkerMessage) => {
        // What a listener of a worker throws would end the process: a log that cannot be written ends the training alone.
        try {
          if (message.kind === "event") return onEvent(message.event);
          isBusy = false;
          if (message.kind === "finished") resolve(message.finished);
          else reject(errorOf(message));
        } catch (error) {
          reject(error);
        }
      });
      worker.on("error", (error) =>
        reject(oalError("OAL-X101", { problem: `the training thread died: ${String(error)}` }, error)),
      );
      worker.on("exit", (code) => {
        isBusy = false;
        reject(oalError("OAL-X101", { problem: `the training thread ended with ${code}` }));
      });
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop);
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    await endWorker<WorkerMessage>(worker, isBusy, ({ kind }) => kind !== "event");
  }
}
