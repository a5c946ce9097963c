/** Labels of known classes: what may index a table of classes. */
import { oalError } from "oal-core";

/**
 * Refuses labels that are no class, before anything indexes by them.
 *
 * @param labels  one per image of a set of known classes
 * @param classes  number of classes, C
 * @param where  names the image at a position, for the error
 * @throws OAL-D141 for a label of -1, OAL-D108 for any other that is no whole number from 0 to C - 1
 */
export function refuseForeignLabels(
  labels: ArrayLike<number>,
  classes: number,
  where: (position: number) => string,
): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? Number.NaN;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    if (label !== -1) throw oalError("OAL-D108", { where: where(i), label: String(label), classes });
    const count = Array.from(labels).filter((other) => other === -1).length;
    throw oalError("OAL-D141", { where: where(i), count });
  }
}
