/** Classification accuracy of the ID samples. */
import { assertPaired } from "./ranking.js";
import { expectArguments, kinds, oalError } from "../errors/index.js";

/**
 * Share of ID samples (label not -1) whose prediction equals the label.
 *
 * @param predictions  class indices [n]  @param labels  class indices [n], -1 = OOD (left out)
 * @returns fraction in [0, 1]
 * @throws OAL-E102 when there is no ID sample
 * @source PROTOCOL section 5, ACC
 */
export function accuracy(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  expectArguments("accuracy", { predictions: [predictions, kinds.numbers], labels: [labels, kinds.numbers] });
  assertPaired("accuracy", labels, predictions);
  let total = 0;
  let correct = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === -1) continue;
    total++;
    if (predictions[i] === labels[i]) correct++;
  }
  if (total === 0) throw oalError("OAL-E102", { metric: "accuracy", side: "ID" });
  return correct / total;
}
