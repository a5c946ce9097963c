/** Stage "outlierPictures": real outlier pictures of the user's, without those that another set of the run has too. */
import { join } from "node:path";
import { oalError } from "oal-core";
import { subsetImageSet, type ImageSet } from "../../data/imageSet.js";
import { sharedRows } from "../../data/statistics.js";
import { storeImageSet } from "../../data/storeSet.js";
import { isWithheld } from "../../data/withheld.js";
import { outlierPicturesId, realPicturesFolder } from "../../outliers/sources/folder.js";
import type { Stage } from "../plan/stage.js";
import type { PreparedData } from "./data.js";

/** Every other set that pictures must not be of, by what messages call it. */
function otherSets({ train, validation, test, ood }: PreparedData): Readonly<Record<string, ImageSet>> {
  const known = { training: train.set, validation: validation.set, test: test.set };
  const all = { ...known, ...Object.fromEntries(ood.map(({ name, set }) => [name, set])) };
  return Object.fromEntries(Object.entries(all).filter(([, set]) => !isWithheld(set)));
}

/** The pictures that are shown. */
export const outlierPicturesStage: Stage = {
  id: outlierPicturesId,
  version: 1,
  title: "real outlier pictures, without those of other sets",
  variants: () => [""],
  slice: () => ({}),
  inputs: () => ({}),
  sets: (data) => ({ ...otherSets(data), ...(data.outliers ? { outliers: data.outliers.set } : {}) }),
  async run({ data, folder, events }) {
    const { outliers } = data;
    if (!outliers) throw oalError("OAL-X101", { problem: "outlier pictures were asked for, but not read" });
    const left = new Set<number>();
    const shared: string[] = [];
    for (const [name, set] of Object.entries(otherSets(data))) {
      const rows = sharedRows(set, outliers.set);
      if (rows.length > 0) shared.push(`${rows.length} of ${name}`);
      for (const row of rows) left.add(row);
    }
    const { count } = outliers.set;
    const rows = Array.from({ length: count }, (_, row) => row).filter((row) => !left.has(row));
    const where = shared.join(", ");
    if (rows.length === 0) throw oalError("OAL-D184", { count, shared: where });
    events.message(
      left.size === 0
        ? `none of ${count} outlier pictures is pixel for pixel in another set of the run`
        : `${rows.length} of ${count} outlier pictures are shown`,
    );
    if (left.size > 0)
      events.warning(
        `${left.size} of ${count} outlier pictures are left out, because they are pixel for pixel in other sets of the run: ${where}`,
      );
    const kept = subsetImageSet(outliers.set, rows, "outliers");
    await storeImageSet(kept, join(folder, realPicturesFolder));
    return { metrics: { read: count, shown: rows.length } };
  },
};
