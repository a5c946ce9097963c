/**
 * Training, validation and test parts of a source: the folders "train", "val" and "test" where it has them, else a stratified split by
 * counter, so that the same seed gives the same parts on every machine.
 */
import { oalError, Random } from "oal-core";
import { prepareImageSet, type PrepareOptions } from "./cache.js";
import { type ImageSet, subsetImageSet } from "./imageSet.js";
import { splitsOf } from "./readers/classTree.js";
import { containerAt } from "./readers/index.js";
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
 * @throws OAL-D112 when a class has fewer images than there are parts
 */
export function stratifiedSplit(
  labels: Int32Array,
  seed: number,
  shares: SplitShares = {},
  name = "the set",
  classNames: readonly string[] = [],
): SplitIndices {
  const { validation = 0.15, test = 0.25 } = shares;
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

/**
 * Prepares the parts of an ID source. Folders named train, val (valid, validation) and test in it are used as they are; what is missing is
 * split off the training images.
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
  const container = spec.list === undefined && spec.split === undefined ? containerAt(spec.path) : undefined;
  const splits = container ? await splitsOf(container) : [];
  const named = (pattern: RegExp): string | undefined => splits.find((split) => pattern.test(split));
  const part = (split: string, classes?: readonly string[]): Promise<ImageSet> =>
    prepareImageSet(
      { ...spec, split, name: `${spec.name}/${split}`, classes: spec.classes ?? classes },
      options,
    );
  const trainSplit = named(/^train/i);
  const whole = trainSplit === undefined ? await prepareImageSet(spec, options) : await part(trainSplit);
  const validationSplit = named(/^val/i);
  const testSplit = named(/^test/i);
  const ownValidation =
    validationSplit === undefined ? undefined : await part(validationSplit, whole.classNames);
  const ownTest = testSplit === undefined ? undefined : await part(testSplit, whole.classNames);
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
