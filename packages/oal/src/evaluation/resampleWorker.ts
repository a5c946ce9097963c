/** A thread of the bootstrap: resamples its share and ends. Talks to the main thread by messages only. */
import { parentPort, workerData } from "node:worker_threads";
import { metrics } from "oal-core";
import { errorMessage } from "../runtime/workerError.js";
import { resampleSteps } from "./resample.js";
import { turn, type ResampleInput, type ResampleMessage } from "./resampleThreads.js";

type Tell = (message: ResampleMessage) => void;

function resample({ task, range, metrics: wanted }: ResampleInput, tell: Tell): void {
  if (wanted.join() !== metrics.ids.join()) return tell({ kind: "lacking" });
  const steps = resampleSteps(task, range);
  let told = performance.now();
  let step = steps.next();
  for (let count = 1; !step.done; count++) {
    if (performance.now() - told >= turn) {
      tell({ kind: "done", count });
      told = performance.now();
    }
    step = steps.next();
  }
  const samples = step.value;
  const lines = task.rows.flatMap((row, r) =>
    row.ood.flatMap((_, set) => wanted.map((metric) => samples.metric(r, set, metric))),
  );
  const values = new Float64Array(lines.length * range.count);
  lines.forEach((line, i) => values.set(line, i * range.count));
  tell({ kind: "values", values });
}

const given: ResampleInput = workerData;
const tell: Tell = (message) => parentPort?.postMessage(message);
try {
  resample(given, tell);
} catch (error) {
  tell(errorMessage(error));
}
