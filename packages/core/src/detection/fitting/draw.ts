/** Draws of training images by their classes. */
import { Random } from "../../random/index.js";

/**
 * About `count` images, as many of every class: their positions, ascending. Of classes that have fewer, each gives as many as the
 * smallest has.
 *
 * @param purpose  names the draw
 */
export function balancedDraw(labels: Int32Array, count: number, seed: number, purpose: string): number[] {
  const byClass = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const own = byClass.get(label);
    if (own) own.push(i);
    else byClass.set(label, [i]);
  });
  const smallest = Math.min(...Array.from(byClass.values(), (own) => own.length));
  const each = Math.min(smallest, Math.max(1, Math.floor(count / byClass.size)));
  return [...byClass]
    .flatMap(([label, own]) => {
      const order = new Random(seed, purpose).permutation(label, own.length);
      return Array.from(order.subarray(0, each), (k) => own[k] ?? 0);
    })
    .sort((a, b) => a - b);
}
