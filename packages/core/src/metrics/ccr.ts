/** Correct classification rate at a false positive rate, an OpenOOD v1.0 column. */
import { expectArguments, kinds } from "../errors/index.js";
import { assertPaired, assertSides } from "./ranking.js";
import { ascending, assertScores } from "./sorting.js";

/**
 * CCR@FPR: with t the ceil(f n)-th largest OOD confidence, the share of ID samples that are classified correctly with confidence > t.
 *
 * @param id  ID confidences [m]
 * @param correct  [m], truthy (1) where the class is right
 * @param ood  OOD confidences [n]
 * @param rate  f, fraction in (0, 1]; v1.0 reported 1e-4, 1e-3, 1e-2, 1e-1
 * @returns fraction in [0, 1]
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source Jingkang50/OpenOOD openood/evaluators/metrics.py, ccr_fpr
 */
export function ccrAtFpr(
  id: ArrayLike<number>,
  correct: ArrayLike<number>,
  ood: ArrayLike<number>,
  rate: number,
): number {
  expectArguments("ccrAtFpr", {
    id: [id, kinds.numbers],
    correct: [correct, kinds.numbers],
    ood: [ood, kinds.numbers],
    rate: [rate, kinds.fraction],
  });
  assertPaired("ccrAtFpr", id, correct);
  assertSides(id, ood, "ccr");
  assertScores(id, "ccr, ID side");
  const sorted = ascending(ood, "ccr, OOD side");
  const threshold = sorted[sorted.length - Math.ceil(rate * sorted.length)] ?? Infinity;
  let hits = 0;
  for (let i = 0; i < id.length; i++) if ((correct[i] ?? 0) !== 0 && (id[i] ?? 0) > threshold) hits++;
  return hits / id.length;
}
