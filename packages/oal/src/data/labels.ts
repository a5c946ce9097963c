/** Labels of known classes: what may index a table of classes. */
import { oalError, type OalError } from "oal-core";

/**
 * What is wrong with the labels of known classes.
 *
 * @param labels  one per image of a set of known classes
 * @param classes  number of classes, C
 * @param where  names the image at a position, for the error
 * @returns OAL-D108 for the first label that is neither -1 nor a whole number from 0 to C - 1, else OAL-D141 for the first -1, else
 *   undefined
 */
export function foreignLabel(
  labels: ArrayLike<number>,
  classes: number,
  where: (position: number) => string,
): OalError | undefined {
  let without = 0;
  let first = -1;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? Number.NaN;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    if (label !== -1) return oalError("OAL-D108", { where: where(i), label: String(label), classes });
    if (++without === 1) first = i;
  }
  return without === 0 ? undefined : oalError("OAL-D141", { where: where(first), count: without });
}

/** Throws what `foreignLabel` finds, before anything indexes by a label. */
export function refuseForeignLabels(
  labels: ArrayLike<number>,
  classes: number,
  where: (position: number) => string,
): void {
  const problem = foreignLabel(labels, classes, where);
  if (problem) throw problem;
}
