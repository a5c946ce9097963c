/**
 * The embedded data set: made in the process within seconds, without network or files of the user, the same bits on every machine.
 * ID are digits of 60 font families (none in two splits), near-OOD other glyphs, far-OOD procedural pictures.
 */
import { oalError } from "oal-core";
import { makeDigits } from "./digits.js";
import { makeFar, makeValidationOod } from "./farOod.js";
import { makeLetters, makeScripts } from "./nearOod.js";
import type { EmbeddedSet } from "./set.js";

export { makeDigits, digitNames } from "./digits.js";
export type { EmbeddedSet } from "./set.js";

/** Numbers of images. `ood` holds for each of the six OOD test sets. */
export interface EmbeddedSizes {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly validationOod: number;
  readonly ood: number;
}

/** Sizes that fit a five-minute run on two cores. */
export const defaultEmbeddedSizes: EmbeddedSizes = {
  train: 12000,
  validation: 1000,
  test: 2000,
  validationOod: 1000,
  ood: 1000,
};

/** All embedded sets. */
export interface EmbeddedSets {
  readonly train: EmbeddedSet;
  readonly validation: EmbeddedSet;
  readonly test: EmbeddedSet;
  readonly validationOod: EmbeddedSet;
  readonly near: { readonly letters: EmbeddedSet; readonly scripts: EmbeddedSet };
  readonly far: {
    readonly textures: EmbeddedSet;
    readonly shapes: EmbeddedSet;
    readonly noise: EmbeddedSet;
    readonly fields: EmbeddedSet;
  };
}

/** Names of the sets of unknowns, in the order of tables. */
export const embeddedOodNames = {
  near: ["letters", "scripts"],
  far: ["textures", "shapes", "noise", "fields"],
} as const satisfies { readonly [Group in "near" | "far"]: readonly (keyof EmbeddedSets[Group])[] };

/**
 * Makes every embedded set: uint8 images [N, 3, 32, 32] in memory.
 *
 * @param options.seed  any finite number; every pixel is a function of it, the set's name and the image's index
 * @param options.sizes  numbers of images; those not given are `defaultEmbeddedSizes`
 * @throws OAL-D150 for a size that is not an integer >= 0; OAL-I103 for a damaged outline file
 * @cost about 0.2 ms an image on one core: a few seconds at the default sizes; 3 KiB an image
 * @example
 * const { train, near } = makeEmbeddedSets({ seed: 0, sizes: { train: 100, ood: 10 } });
 * train.pixels.length;           // 307200
 * near.letters.labels[0];        // -1
 */
export function makeEmbeddedSets(options: { seed: number; sizes?: Partial<EmbeddedSizes> }): EmbeddedSets {
  const { seed } = options;
  const sizes = { ...defaultEmbeddedSizes, ...options.sizes };
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 0) throw oalError("OAL-D150", { name, size });
  return {
    train: makeDigits("train", sizes.train, seed),
    validation: makeDigits("validation", sizes.validation, seed),
    test: makeDigits("test", sizes.test, seed),
    validationOod: makeValidationOod(sizes.validationOod, seed),
    near: { letters: makeLetters(sizes.ood, seed), scripts: makeScripts(sizes.ood, seed) },
    far: {
      textures: makeFar("textures", sizes.ood, seed),
      shapes: makeFar("shapes", sizes.ood, seed),
      noise: makeFar("noise", sizes.ood, seed),
      fields: makeFar("fields", sizes.ood, seed),
    },
  };
}
