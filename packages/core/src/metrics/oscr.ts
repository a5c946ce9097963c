/** Open-set classification rate: detection and classification in one number. */
import { expectArguments, kinds } from "../errors/index.js";
import { assertPaired, assertSides, Counter, mergeOrders } from "./ranking.js";
import { ordered } from "./sorting.js";

/**
 * OSCR: area under CCR(t) = |{ID: conf >= t, class right}| / m over FPR(t) = |{OOD: conf >= t}| / n, by trapezoids; equals the mean over
 * pairs of [class right] (1[x > y] + 1[x = y] / 2). At most the ID accuracy.
 *
 * @param id  ID confidences [m]
 * @param correct  [m], 1 where the class is right
 * @param ood  OOD confidences [n]
 * @returns fraction in [0, 1], larger is better
 * @throws OAL-E101 (NaN), OAL-E102 (empty side)
 * @source PROTOCOL section 9; Dhamija et al. 2018
 */
export function oscr(id: ArrayLike<number>, correct: ArrayLike<number>, ood: ArrayLike<number>): number {
  expectArguments("oscr", {
    id: [id, kinds.numbers],
    correct: [correct, kinds.numbers],
    ood: [ood, kinds.numbers],
  });
  assertPaired("oscr", id, correct);
  assertSides(id, ood, "oscr");
  const merged = mergeOrders(ordered(id, "oscr, ID side"), ordered(ood, "oscr, OOD side"));
  const samples = id.length + ood.length;
  const weights = new Int32Array(samples).fill(1, id.length);
  for (let i = 0; i < id.length; i++) weights[i] = (correct[i] ?? 0) !== 0 ? 1 : 0;
  const totals = { idTotal: id.length, oodTotal: ood.length };
  const counts = new Counter(samples).count(merged, { weights, ...totals });
  let [idBelow, oodBelow, pairs] = [0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const [idNext, oodNext] = [counts.idUpTo[i] ?? 0, counts.oodUpTo[i] ?? 0];
    pairs += ((idNext - idBelow) * (oodBelow + oodNext)) / 2;
    [idBelow, oodBelow] = [idNext, oodNext];
  }
  return pairs / (id.length * ood.length);
}
