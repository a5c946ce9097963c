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
  let [since, from] = [Date.now(), -1];
  let told = 0;
  const finished = await trainInWorker(
    job,
    ({ kind, step, total, terms, learningRate }) => {
      if (from < 0) [since, from] = [Date.now(), step];
      const now = Date.now();
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
