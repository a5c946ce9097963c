/**
 * Boundary sampling in several threads. Noise is drawn and candidates are counted in JavaScript, which computes in one thread; classes do
 * not depend on one another, so each is sampled in whichever worker is free.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { oalError } from "oal-core";
import type { PreparedClass } from "../outliers/boundary/prepare.js";
import {
  sampleInTurn,
  type ClassOutliers,
  type SampleClasses,
  type SamplingInput,
} from "../outliers/boundary/sampleClass.js";
import { endWorker } from "../runtime/endWorker.js";
import { errorOf, type WorkerError } from "../runtime/workerError.js";

/** What a worker is given at its start: all of it plain data. Then it is sent a class at a time, or "stop" to end with its round. */
export interface BoundaryWorkerInput {
  readonly input: SamplingInput;
  /** Threads of its engine. */
  readonly threads: number;
}

/** What a worker sends: a round is done, the class that it was sent is done, or an error. */
export type BoundaryMessage =
  { readonly kind: "round" } | { readonly kind: "class"; readonly outliers: ClassOutliers } | WorkerError;

/** Numbers that a thread draws or counts in about a second, against a third of a second for the start of a worker. */
const worthWorkers = 2e8;
/** Drawing a number and multiplying it with the class takes as long as counting so many. */
const countsOfDraw = 8;

/** Samples classes in as many workers as the engine has threads; in this thread where there is little to do, or another device does it. */
export const sampleInWorkers: SampleClasses = (engine, input, classes, onRound) => {
  const workers = Math.min(threadsOf(engine.facts.threads), classes.length);
  const sampleClasses =
    engine.facts.device !== "cpu" || workers < 2 || effortOf(input, classes) < worthWorkers
      ? sampleInTurn
      : spreadOver(workers);
  return sampleClasses(engine, input, classes, onRound);
};

/** Samples classes in so many workers, each with an engine of its share of the threads. */
export function spreadOver(workers: number): SampleClasses {
  return async (engine, input, classes, onRound) => {
    const threads = Math.max(1, Math.floor(threadsOf(engine.facts.threads) / workers));
    // One copy of the bank for all.
    const unit = new Float32Array(new SharedArrayBuffer(input.unit.byteLength));
    unit.set(input.unit);
    const workerData: BoundaryWorkerInput = { input: { ...input, unit }, threads };
    const queue = [...classes.entries()];
    const busy = new Set<Worker>();
    const sampled: ClassOutliers[] = [];
    const started = Array.from(
      { length: Math.min(workers, classes.length) },
      () => new Worker(new URL("./boundaryWorker.js", import.meta.url), { workerData }),
    );
    try {
      await Promise.all(started.map((worker) => work(worker, busy, queue, sampled, onRound)));
      return sampled;
    } finally {
      queue.length = 0; // of several threads one may have failed
      await Promise.all(
        started.map((worker) =>
          endWorker<BoundaryMessage>(worker, busy.has(worker), ({ kind }) => kind !== "round"),
        ),
      );
    }
  };
}

/** Has a worker sample classes of the queue until none is left. */
function work(
  worker: Worker,
  busy: Set<Worker>,
  queue: [number, PreparedClass][],
  sampled: ClassOutliers[],
  onRound: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let current = -1;
    const next = (): void => {
      const entry = queue.shift();
      if (!entry) return resolve();
      busy.add(worker);
      const [place, one] = entry;
      current = place;
      worker.postMessage(one);
    };
    const take = (message: BoundaryMessage): void => {
      if (message.kind === "round") return onRound();
      busy.delete(worker);
      if (message.kind === "error") throw errorOf(message);
      sampled[current] = message.outliers;
      next();
    };
    worker.on("message", (message: BoundaryMessage) => {
      // onRound throws where sampling is to be given up
      try {
        take(message);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    const died = (how: string, cause?: unknown): void =>
      reject(oalError("OAL-X101", { problem: `a thread of boundary sampling ${how}` }, cause));
    worker.on("error", (error) => died(`died: ${String(error)}`, error));
    worker.on("exit", (code) => {
      busy.delete(worker);
      died(`ended with ${code}`);
    });
    next();
  });
}

/** The number of an engine's threads; 0 stands for one per core. */
function threadsOf(threads: number): number {
  return threads === 0 ? availableParallelism() : threads;
}

/** Numbers that are drawn, in terms of those counted. */
function effortOf({ options }: SamplingInput, classes: readonly PreparedClass[]): number {
  const { rounds, noise, noiseSharing } = options;
  return classes.reduce((sum, { limits }) => {
    const candidates = rounds * noise * limits.anchors;
    return sum + candidates * limits.k * (noiseSharing === "anchor" ? countsOfDraw : 1);
  }, 0);
}
