/**
 * Training, validation and test parts of a source: the folders "train", "val" and "test" where it has them, else a stratified split by
 * counter, so that the same seed gives the same parts on every machine.
 */
import { oalError, Random } from "oal-core";
import { prepareImageSet, type PrepareOptions } from "./cache.js";
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
 * @throws OAL-D108, OAL-D141 for a label that is no class, OAL-D112 when a class has fewer images than there are parts
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
  const parts: { train: number[]; validation: number[]; test: number[] } = {
    train: [],
    validation: [],
    test: [],
  };
  for (const [label, members] of byClass) {
    const count = members.length;
    const validationCount = validation > 0 ? Math.max(1, Math.round(validation * count)) : 0;
    const testCount = test > 0 ? Math.max(1, Math.round(test * count)) : 0;
    if (validationCount + testCount >= count) {
      throw oalError("OAL-D112", { name, className: classNames[label] ?? String(label), count });
    }
    random.permutation(label, count).forEach((which, place) => {
      const part =
        place < validationCount ? "validation" : place < validationCount + testCount ? "test" : "train";
      parts[part].push(members[which] ?? 0);
    });
  }
  const sorted = (indices: number[]): Int32Array => Int32Array.from(indices).sort();
  return { train: sorted(parts.train), validation: sorted(parts.validation), test: sorted(parts.test) };
}

/** What a set is for; decides which part of a divided source it takes. */
export type SetRole = "train" | "validation" | "test" | "ood";

const partNames: Readonly<Record<Exclude<SetRole, "ood">, RegExp>> = {
  train: /^train/i,
  validation: /^val/i,
  test: /^test/i,
};

/**
 * The source with its part chosen. A part that is named stays; a divided source gives the part that is called as the role; for a set of
 * unknowns, published data sets give their official test images and folders of pictures all they hold.
 *
 * @throws OAL-D106 when a divided source has no part for the role
 */
export async function partFor(spec: SourceSpec, role: SetRole): Promise<SourceSpec> {
  if (spec.list !== undefined || spec.split !== undefined) return spec;
  const reader = await readerOf(spec);
  if (role === "ood" && reader.published !== true) return spec;
  const splits = await reader.splits(spec);
  if (splits.length === 0) return spec;
  const pattern = partNames[role === "ood" ? "test" : role];
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
  const named = (role: Exclude<SetRole, "ood">): SourceSpec | undefined => {
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
 * Prepares the parts of an ID source. The parts that it is divided into are used as they are (see `partsOf`); what is missing is split off
 * the training images.
 *
 * @param seed  of the split
 * @throws as `prepareImageSet` and `stratifiedSplit`
 */
export async function prepareSplits(
  spec: SourceSpec,
  options: PrepareOptions,
  seed: number,
  shares: SplitShares = {},
): Promise<SplitSets> {
  const parts = await partsOf(spec);
  const whole = await prepareImageSet(parts.train, options);
  const own = async (part: SourceSpec | undefined): Promise<ImageSet | undefined> =>
    part && prepareImageSet({ ...part, classes: spec.classes ?? whole.classNames }, options);
  const ownValidation = await own(parts.validation);
  const ownTest = await own(parts.test);
  if (ownValidation && ownTest) return { train: whole, validation: ownValidation, test: ownTest };
  const wanted = {
    validation: ownValidation ? 0 : (shares.validation ?? 0.15),
    test: ownTest ? 0 : (shares.test ?? 0.25),
  };
  const indices = stratifiedSplit(whole.labels, seed, wanted, spec.name, whole.classNames);
  return {
    train: subsetImageSet(whole, indices.train, `${spec.name}/train`),
    validation: ownValidation ?? subsetImageSet(whole, indices.validation, `${spec.name}/validation`),
    test: ownTest ?? subsetImageSet(whole, indices.test, `${spec.name}/test`),
  };
}
