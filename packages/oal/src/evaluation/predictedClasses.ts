/** The classes that a classifier names, of sets whose logits are more than memory should hold. */
import { memoryRows } from "oal-core";
import type { ImageSet } from "../data/imageSet.js";
import { rangeReader, type PredictedBatch, type Predictor } from "../training/predict.js";
import { predictions } from "./outputs.js";

/**
 * The class of every image of a set, its largest logit.
 *
 * @param onBatch sees every batch, whose arrays are not kept
 */
export async function predictedClasses(
  predictor: Predictor,
  set: ImageSet,
  onBatch: (batch: PredictedBatch) => void | Promise<void> = () => undefined,
): Promise<Int32Array> {
  const found = new Int32Array(set.count);
  for await (const batch of predictor.batches(set.count, set.height, rangeReader(set))) {
    found.set(predictions(memoryRows(batch.logits, batch.classes)), batch.start);
    await onBatch(batch);
  }
  return found;
}
