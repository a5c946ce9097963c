/** Runs a training job in its worker and turns what it tells into events of the stage. */
import { choiceOf } from "../runtime/engines/index.js";
import type { StageJob } from "./plan/stage.js";
import { StepRate } from "./stepRate.js";
import { trainInWorker } from "./trainInWorker.js";
import type { TrainingJob } from "./trainingJob.js";

/**
 * Trains to the end; the result lies at `job.result`.
 *
 * @throws the reason of `signal` when it was stopped (a checkpoint holds the state)
 */
export async function runTrainingJob(
  job: TrainingJob,
  { key, engine, events, signal }: Pick<StageJob, "key" | "engine" | "events" | "signal">,
): Promise<void> {
  const training = { ...job.training, identity: `${job.training.name} ${key.slice(0, 16)}` };
  const stepRate = new StepRate();
  let told = 0;
  const finished = await trainInWorker(
    { job: { ...job, training }, engine: choiceOf(engine.facts) },
    ({ kind, step, total, terms, learningRate }) => {
      const now = Date.now();
      const rate = stepRate.at(now, step);
      if (kind === "resumed") {
        events.message(`resuming ${job.training.name} at step ${step} of ${total}`);
      } else if (kind === "loss") {
        events.emit({
          kind: "loss",
          step,
          total,
          ...(terms ? { terms } : {}),
          ...(learningRate === undefined ? {} : { learningRate }),
          text: job.training.name,
        });
      } else if (now - told > 250 || step === total) {
        told = now;
        events.progress(step, total, {
          text: job.training.name,
          ...(rate === undefined ? {} : { rate }),
        });
      }
    },
    signal,
  );
  signal.throwIfAborted();
  if (!finished) throw new DOMException("stopped", "AbortError");
}
