/** A choice of rows that shows every class. */
import { Random } from "oal-core";

/**
 * Which rows to use: classes in turn, in the order of their labels; within a class a seeded order, repeated when it runs out.
 *
 * @param labels  class of every row; not empty
 * @param count  rows to choose
 * @param purpose  names the draw, so that choices for different ends are independent
 * @returns `count` rows
 */
export function classesInTurn(
  labels: ArrayLike<number>,
  count: number,
  seed: number,
  purpose: string,
): Int32Array {
  const classes = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] ?? 0;
    const rows = classes.get(label);
    if (rows) rows.push(row);
    else classes.set(label, [row]);
  }
  const orders = [...classes]
    .sort(([a], [b]) => a - b)
    .map(([label, rows]) => {
      const order = new Random(seed, `${purpose}/${label}`).permutation(0, rows.length);
      return Array.from(order, (i) => rows[i] ?? 0);
    });
  return Int32Array.from({ length: count }, (_, i) => {
    const order = orders[i % orders.length] ?? [];
    return order[Math.floor(i / orders.length) % order.length] ?? 0;
  });
}
