/** Runs a training job in its worker and turns what it tells into events of the stage. */
import { choiceOf } from "../runtime/engines/index.js";
import { computedBy, isAlike, type ComputedBy } from "../training/computedBy.js";
import { describeEngine } from "./engineFacts.js";
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
  stage: Pick<StageJob, "key" | "engine" | "events" | "signal" | "resumedFrom">,
): Promise<void> {
  const { key, engine, events, signal } = stage;
  const training = { ...job.training, identity: `${job.training.name} ${key.slice(0, 16)}` };
  const stepRate = new StepRate();
  let told = 0;
  const finished = await trainInWorker(
    { job: { ...job, training }, engine: choiceOf(engine.facts) },
    ({ kind, step, total, terms, learningRate, engines = [] }) => {
      const now = Date.now();
      const rate = stepRate.at(now, step);
      if (kind === "resumed") {
        if (step < total) events.message(`resuming ${job.training.name} at step ${step} of ${total}`);
        tellEarlierEngines(`${job.training.name} until step ${step}`, engines, stage);
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

/** Says and notes which other engines computed what is gone on from: equal bits are promised for equal engines only. */
function tellEarlierEngines(
  what: string,
  engines: readonly ComputedBy[],
  { engine, events, resumedFrom }: Pick<StageJob, "engine" | "events" | "resumedFrom">,
): void {
  const here = computedBy(engine.facts);
  const others = engines.filter((each) => !isAlike(each, here));
  if (others.length === 0) return;
  resumedFrom(others);
  events.warning(
    `${what} was computed on ${others.map(describeEngine).join(" and ")}, what follows on ${describeEngine(here)}: the result has the bits of neither; artifact.json names both`,
  );
}
