/** A class that is made unknown: out of the known parts, into a set of its own. */
import { createHash } from "node:crypto";
import { oalError } from "oal-core";
import { checkedIndex, hashOfSet, subsetImageSet, type ImageSet } from "./imageSet.js";
import { isWithheld } from "./withheld.js";
import type { SplitSets } from "./split.js";

/** The name of the set. */
export const leftOutName = "left-out";

/**
 * Takes a class out of the parts of a set.
 *
 * @param name of the class, one of the set's
 * @returns the parts with the other classes, whose numbers close up, and all images of the class as unknown ones
 * @throws OAL-D103 when a part has no other image
 */
export function withoutClass(
  { train, validation, test }: SplitSets,
  name: string,
): { readonly known: SplitSets; readonly leftOut: ImageSet } {
  const left = train.classNames.indexOf(name);
  const parts = [train, validation, test];
  const kept = (set: ImageSet): ImageSet => {
    if (isWithheld(set)) return set;
    const rows = rowsWhere(set, (label) => label !== left);
    return relabelled(
      subsetImageSet(set, rows),
      (label) => (label > left ? label - 1 : label),
      set.classNames.filter((each) => each !== name),
    );
  };
  const unknown = parts.flatMap((set) => {
    const rows = rowsWhere(set, (label) => label === left);
    return rows.length === 0 ? [] : [relabelled(subsetImageSet(set, rows), () => -1, set.classNames)];
  });
  return {
    known: { train: kept(train), validation: kept(validation), test: kept(test) },
    leftOut: joined(leftOutName, unknown),
  };
}

function rowsWhere({ labels }: ImageSet, holds: (label: number) => boolean): number[] {
  return Array.from(labels.keys()).filter((row) => holds(labels[row] ?? -1));
}

/** The same images with other labels. */
function relabelled(
  set: ImageSet,
  label: (label: number) => number,
  classNames: readonly string[],
): ImageSet {
  const description = { labels: set.labels.map(label), ids: set.ids, classNames };
  return {
    ...set,
    ...description,
    contentHash: hashOfSet([set.contentHash], description),
    read: (indices, out) => set.read(indices, out),
    close: () => set.close(),
  };
}

/** Sets of images of one size, one behind the other. */
function joined(name: string, sets: readonly ImageSet[]): ImageSet {
  const [first] = sets;
  if (!first) throw oalError("OAL-D103", { path: name, what: "the class has no images" });
  const places = sets.flatMap((set) => Array.from({ length: set.count }, (_, row) => ({ set, row })));
  const size = 3 * first.height * first.width;
  const description = {
    labels: Int32Array.from(sets.flatMap(({ labels }) => [...labels])),
    ids: sets.flatMap(({ ids }) => [...ids]),
    classNames: first.classNames,
  };
  const content = createHash("sha256")
    .update(sets.map(({ contentHash }) => contentHash).join())
    .digest("hex");
  return {
    name,
    count: places.length,
    height: first.height,
    width: first.width,
    channels: 3,
    ...description,
    contentHash: hashOfSet([content], description),
    read: (indices, out = new Uint8Array(indices.length * size)) => {
      for (let i = 0; i < indices.length; i++) {
        const place = places[checkedIndex(indices[i], places.length, name)];
        place?.set.read([place.row], out.subarray(i * size, (i + 1) * size));
      }
      return out.subarray(0, indices.length * size);
    },
    close: () => sets.forEach((set) => set.close()),
  };
}
