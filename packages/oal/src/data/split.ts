/**
 * Training, validation and test parts of a source: the folders "train", "val" and "test" where it has them, else a stratified split by
 * counter, so that the same seed gives the same parts on every machine.
 */
import { oalError, Random, type OalError } from "oal-core";
import { type ImageSet, subsetImageSet } from "./imageSet.js";
import { refuseForeignLabels } from "./labels.js";
import { readerOf } from "./readers/index.js";
import type { SourceSpec } from "./readers/reader.js";

/** The three parts of an ID set. */
export interface SplitSets {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
}

/** Shares of the images of every class. */
export interface SplitShares {
  /** 0 < validation < 1; default 0.15. */
  readonly validation?: number | undefined;
  /** 0 <= test < 1; default 0.25. */
  readonly test?: number | undefined;
}

/**
 * Fewest images of a class: two to train on (boundary sampling and nearest neighbours compare an image with another of its class), one to
 * choose settings and thresholds with, one to measure on. The one minimum: `data inspect`, runs and the README name it.
 */
export const minimumPerClass = { train: 2, validation: 1, test: 1 } as const;

/** Images of one class that go to every part. @param count  images of the class */
export function partCounts(
  count: number,
  { validation, test }: { readonly validation: number; readonly test: number },
): { readonly train: number; readonly validation: number; readonly test: number } {
  const share = (part: number): number => (part > 0 ? Math.max(1, Math.round(part * count)) : 0);
  const [validationCount, testCount] = [share(validation), share(test)];
  return { train: count - validationCount - testCount, validation: validationCount, test: testCount };
}

/** Fewest images that a class needs for every part to have its minimum; Infinity when the shares leave nothing to train on. */
export function neededPerClass(shares: { readonly validation: number; readonly test: number }): number {
  if (shares.validation + shares.test >= 1) return Infinity;
  const enough = (count: number): boolean => partCounts(count, shares).train >= minimumPerClass.train;
  // rounding may take from a somewhat larger class what it left a smaller one; beyond this count it cannot
  let needed = Math.ceil((minimumPerClass.train + 2) / (1 - shares.validation - shares.test)) + 1;
  while (needed > 1 && enough(needed - 1)) needed--;
  return needed;
}

/**
 * The problem of classes that are too small for their parts, if some are (OAL-D112), or of shares that leave nothing to train on.
 *
 * @param counts  images per class of what is divided; a class of 0 is another problem (OAL-D104)
 * @param shares  what is split off; 0 for a part that is given
 */
export function smallClasses(
  name: string,
  classNames: readonly string[],
  counts: readonly number[],
  shares: { readonly validation: number; readonly test: number },
): OalError | undefined {
  const needed = neededPerClass(shares);
  if (needed === Infinity) {
    const problem = "with data.validationFraction it leaves no image to train on";
    return oalError("OAL-C202", { where: name, at: "data.testFraction", problem });
  }
  const classes = counts.flatMap((count, label) =>
    count > 0 && count < needed ? [{ className: classNames[label] ?? String(label), count }] : [],
  );
  if (classes.length === 0) return undefined;
  const parts = [
    `${minimumPerClass.train} to train on`,
    ...(shares.validation > 0 ? [`${minimumPerClass.validation} or more for validation`] : []),
    ...(shares.test > 0 ? [`${minimumPerClass.test} or more for the test`] : []),
  ].join(", ");
  return oalError("OAL-D112", { name, classes, needed, parts });
}

/** How many images `stratifiedSplit` leaves to train on, of so many per class. */
export function trainingCount(
  counts: readonly number[],
  shares: { readonly validation: number; readonly test: number },
): number {
  return counts.reduce((sum, count) => {
    const { validation, test } = count === 0 ? { validation: 0, test: 0 } : partCounts(count, shares);
    return sum + count - validation - test;
  }, 0);
}

/** Indices of a set by part. */
export interface SplitIndices {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Divides a labelled set class by class: round(share * count) images of each class, at least one, go to validation and to test (to none
 * where the share is 0), the rest to training. Within a part the set's order is kept.
 *
 * @param labels  class per image, all >= 0
 * @param seed  of the split
 * @throws OAL-D108, OAL-D141 for a label that is no class, OAL-D112 when a class has too few images (`minimumPerClass`)
 */
export function stratifiedSplit(
  labels: Int32Array,
  seed: number,
  shares: SplitShares = {},
  name = "the set",
  classNames: readonly string[] = [],
): SplitIndices {
  const { validation = 0.15, test = 0.25 } = shares;
  refuseForeignLabels(labels, classNames.length || Infinity, (i) => `${name}, image ${i}`);
  const random = new Random(seed, "data/split");
  const byClass = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const members = byClass.get(label);
    if (members) members.push(i);
    else byClass.set(label, [i]);
  });
  const counts: number[] = [];
  for (const [label, members] of byClass) counts[label] = members.length;
  const small = smallClasses(
    name,
    classNames,
    Array.from(counts, (count) => count ?? 0),
    { validation, test },
  );
  if (small) throw small;
  const parts: { train: number[]; validation: number[]; test: number[] } = {
    train: [],
    validation: [],
    test: [],
  };
  for (const [label, members] of byClass) {
    const count = members.length;
    const { validation: validationCount, test: testCount } = partCounts(count, { validation, test });
    random.permutation(label, count).forEach((which, place) => {
      const part =
        place < validationCount ? "validation" : place < validationCount + testCount ? "test" : "train";
      parts[part].push(members[which] ?? 0);
    });
  }
  const sorted = (indices: number[]): Int32Array => Int32Array.from(indices).sort();
  return { train: sorted(parts.train), validation: sorted(parts.validation), test: sorted(parts.test) };
}

/** Parts of the known images. */
type KnownRole = "train" | "validation" | "test";

/** What a set is for; decides which part of a divided source it takes. `ood`: unknown images to measure by; `outliers`: to train on. */
export type SetRole = KnownRole | "ood" | "outliers";

/** The part of a published set that a role takes where it is none of the known images. */
const unknownParts = { ood: "test", outliers: "train" } as const;

const partNames: Readonly<Record<KnownRole, RegExp>> = {
  train: /^train/i,
  validation: /^val/i,
  test: /^test/i,
};

/**
 * The source with its part chosen. A part that is named stays; a divided source gives the part that is called as the role; for
 * unknown pictures folders give all they hold, published data sets their test images to measure by and their training images to train on.
 *
 * @throws OAL-D106 when a divided source has no part for the role
 */
export async function partFor(spec: SourceSpec, role: SetRole): Promise<SourceSpec> {
  if (spec.list !== undefined || spec.split !== undefined) return spec;
  const reader = await readerOf(spec);
  const isUnknown = role === "ood" || role === "outliers";
  if (isUnknown && reader.published !== true) return spec;
  const splits = await reader.splits(spec);
  if (splits.length === 0) return spec;
  const pattern = partNames[isUnknown ? unknownParts[role] : role];
  const split = splits.find((name) => pattern.test(name));
  if (split !== undefined) return { ...spec, split };
  // the only part there is: a folder of test batches, say
  const [only] = splits;
  if (only !== undefined && splits.length === 1) return { ...spec, split: only };
  const problem = `it is divided into ${splits.join(", ")}, none of which is for ${roleTexts[role]}; choose one, as ${spec.path}#${splits[0]}`;
  throw oalError("OAL-D106", { path: spec.path, problem });
}

const roleTexts: Readonly<Record<SetRole, string>> = {
  train: "training",
  validation: "validation",
  test: "the test",
  ood: "unknown images",
  outliers: "outlier pictures",
};

/** The sources of the three parts of an ID set; what has none is split off the training images. */
export interface PartSources {
  readonly train: SourceSpec;
  readonly validation?: SourceSpec;
  readonly test?: SourceSpec;
}

/**
 * The parts that an ID source is divided into, as sources: its folders named train, val (valid, validation) and test, or the published
 * training and test files.
 *
 * @throws OAL-D106 when it is divided, but has no training part
 */
export async function partsOf(spec: SourceSpec): Promise<PartSources> {
  if (spec.list !== undefined || spec.split !== undefined) return { train: spec };
  const splits = await (await readerOf(spec)).splits(spec);
  const named = (role: KnownRole): SourceSpec | undefined => {
    const split = splits.find((name) => partNames[role].test(name));
    return split === undefined ? undefined : { ...spec, split, name: `${spec.name}/${split}` };
  };
  const train = named("train");
  if (train === undefined) return { train: await partFor(spec, "train") };
  const validation = named("validation");
  const test = named("test");
  return { train, ...(validation ? { validation } : {}), ...(test ? { test } : {}) };
}

/**
 * The three parts of an ID set; what is not given is split off the training images.
 *
 * @param train  training images, with those to split off
 * @param given  parts that have images of their own
 * @param shares  of the other parts
 * @throws what `stratifiedSplit` throws
 */
export function completeParts(
  train: ImageSet,
  given: { readonly validation?: ImageSet | undefined; readonly test?: ImageSet | undefined },
  seed: number,
  shares: SplitShares = {},
): SplitSets {
  const { validation, test } = given;
  if (validation && test) return { train, validation, test };
  const wanted = {
    validation: validation ? 0 : (shares.validation ?? 0.15),
    test: test ? 0 : (shares.test ?? 0.25),
  };
  const { name } = train;
  const indices = stratifiedSplit(train.labels, seed, wanted, name, train.classNames);
  return {
    train: subsetImageSet(train, indices.train, `${name}/train`),
    validation: validation ?? subsetImageSet(train, indices.validation, `${name}/validation`),
    test: test ?? subsetImageSet(train, indices.test, `${name}/test`),
  };
}
