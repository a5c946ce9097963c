/** What the teacher stage and the student stages share: run one classifier job in the worker, report, save. */
import { join } from "node:path";
import { readSafetensors } from "../../nn/safetensors.js";
import { Predictor } from "../../training/predict.js";
import { parametersUnder } from "../../nn/parameters.js";
import { networkPrefix } from "../../training/classifier.js";
import type { StageEvents } from "../events.js";
import type { ClassifierJob } from "../trainingJob.js";
import { runTrainingJob } from "../trainingEvents.js";
import { saveClassifier } from "./classifierArtifact.js";
import type { ImageSet } from "../../data/imageSet.js";

/**
 * Trains, measures the accuracy on ID validation images and saves the classifier into `folder`.
 *
 * @returns figures for artifact.json
 */
export async function trainClassifier(
  folder: string,
  job: ClassifierJob,
  classNames: readonly string[],
  validation: ImageSet,
  events: StageEvents,
  signal: AbortSignal,
  batchSize: number,
): Promise<Record<string, number>> {
  const started = Date.now();
  await runTrainingJob(job, events, signal);
  const trainSeconds = (Date.now() - started) / 1000;
  const { tensors } = await readSafetensors(job.result);
  const model = { network: job.network, normalisation: job.normalisation, classNames };
  await saveClassifier(folder, tensors, model);
  const predictor = await Predictor.create(
    { ...model, parameters: parametersUnder(tensors, networkPrefix) },
    { batchSize },
  );
  try {
    const { logits, classes } = await predictor.predict(validation);
    const accuracy = accuracyOf(logits, classes, validation.labels);
    return { validationAccuracy: accuracy, trainSeconds, steps: job.training.steps };
  } finally {
    await predictor.release();
  }
}

/** Share of rows whose largest logit is the label (first maximum). */
export function accuracyOf(logits: Float32Array, classes: number, labels: Int32Array): number {
  const predicted = predictionsOf(logits, classes);
  return (
    predicted.reduce((sum, label, row) => sum + (label === labels[row] ? 1 : 0), 0) /
    Math.max(1, labels.length)
  );
}

/** Index of the largest logit of every row, the first of equals. */
export function predictionsOf(logits: Float32Array, classes: number): Int32Array {
  const predicted = new Int32Array(logits.length / Math.max(1, classes));
  for (let row = 0; row < predicted.length; row++) {
    let best = 0;
    for (let c = 1; c < classes; c++)
      if ((logits[row * classes + c] ?? 0) > (logits[row * classes + best] ?? 0)) best = c;
    predicted[row] = best;
  }
  return predicted;
}

/** Path of a training's result inside the folder that survives a stop. */
export function resultPath(folder: string): string {
  return join(folder, "checkpoints", "result.safetensors");
}
