/** Draws of training images by their classes. */
import { Random } from "../../random/index.js";

/**
 * About `count` images, as many of every class: their positions, ascending. A class that has fewer gives all it has, and the larger ones
 * make up for it. Images without a class (label -1) are left out.
 *
 * @param purpose  names the draw
 */
export function balancedDraw(labels: Int32Array, count: number, seed: number, purpose: string): number[] {
  const byClass = new Map<number, number[]>();
  labels.forEach((label, i) => {
    if (label < 0) return;
    const own = byClass.get(label);
    if (own) own.push(i);
    else byClass.set(label, [i]);
  });
  const smallestFirst = [...byClass].sort(([a, own], [b, other]) => own.length - other.length || a - b);
  let left = count;
  return smallestFirst
    .flatMap(([label, own], k) => {
      const share = Math.floor(left / (smallestFirst.length - k));
      const each = Math.min(own.length, Math.max(1, share));
      left -= each;
      const order = new Random(seed, purpose).permutation(label, own.length);
      return Array.from(order.subarray(0, each), (place) => own[place] ?? 0);
    })
    .sort((a, b) => a - b);
}
