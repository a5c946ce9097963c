/** Open-set classification rate: detection and classification in one number. */
import { expectArguments, kinds } from "../errors/index.js";
import { assertPaired, Counter, rank } from "./ranking.js";

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
  const ranking = rank(id, ood, "oscr");
  const counter = new Counter(ranking);
  const right: number[] = [];
  for (let i = 0; i < id.length; i++) if ((correct[i] ?? 0) !== 0) right.push(i);
  const counts = counter.count(right);
  let below = 0;
  let pairs = 0;
  for (let i = 0; i < counts.length; i++) {
    const here = counts.ood[i] ?? 0;
    pairs += (counts.id[i] ?? 0) * (below + here / 2);
    below += here;
  }
  return pairs / (id.length * ood.length);
}
