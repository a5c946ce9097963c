/** Runs a training job in its worker and turns what it tells into events of the stage. */
import type { StageEvents } from "./events.js";
import { trainInWorker } from "./trainInWorker.js";
import type { TrainingJob } from "./trainingJob.js";

/**
 * Trains to the end; the result lies at `job.result`.
 *
 * @throws the reason of `signal` when it was stopped (a checkpoint holds the state)
 */
export async function runTrainingJob(
  job: TrainingJob,
  events: StageEvents,
  signal: AbortSignal,
): Promise<void> {
  // the rate is that of the last half to whole minute, so that a pause does not spoil the time left for hours
  let marks: readonly (readonly [time: number, step: number])[] = [];
  let told = 0;
  const finished = await trainInWorker(
    job,
    ({ kind, step, total, terms, learningRate }) => {
      const now = Date.now();
      const newest = marks.at(-1);
      if (newest === undefined || now - newest[0] > 30_000) marks = [...marks.slice(-1), [now, step]];
      if (kind === "loss") {
        events.emit({
          kind: "loss",
          step,
          total,
          ...(terms ? { terms } : {}),
          ...(learningRate === undefined ? {} : { learningRate }),
        });
      } else if (now - told > 250 || step === total) {
        told = now;
        const [since, from] = marks[0] ?? [now, step];
        const seconds = (now - since) / 1000;
        events.progress(step, total, {
          text: job.training.name,
          ...(seconds > 0.5 ? { rate: (step - from) / seconds } : {}),
        });
      }
    },
    signal,
  );
  signal.throwIfAborted();
  if (!finished) throw new DOMException("stopped", "AbortError");
}
