/**
 * The embedded data set: made in the process within seconds, without network or files of the user, the same bits on every machine.
 * ID are digits of 60 font families (none in two splits), near-OOD other glyphs, far-OOD procedural pictures; the unknown pictures
 * that settings may be chosen by are of kinds that no test set has.
 */
import { oalError } from "oal-core";
import { makeDigits } from "./digits.js";
import { makeFar } from "./farOod.js";
import { makeLetters, makeScripts } from "./nearOod.js";
import type { EmbeddedSet } from "./set.js";
import { makeDrawings, makeSigns } from "./validationOod.js";

export { makeDigits, digitNames } from "./digits.js";
export type { EmbeddedSet } from "./set.js";

/** Numbers of images. `validationOod` holds for each of the two sets of unknowns that may choose, `ood` for each of the six of the test. */
export interface EmbeddedSizes {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly validationOod: number;
  readonly ood: number;
}

/** What a part of the embedded data set is for: to train and validate by, to choose settings by, to measure by. */
export type EmbeddedPart = "known" | "choosing" | "test" | "unknown";

/** The sets by part and name, each a function of its count and the seed. */
const makers = {
  known: {
    train: (sizes, seed) => makeDigits("train", sizes.train, seed),
    validation: (sizes, seed) => makeDigits("validation", sizes.validation, seed),
  },
  choosing: {
    signs: (sizes, seed) => makeSigns(sizes.validationOod, seed),
    drawings: (sizes, seed) => makeDrawings(sizes.validationOod, seed),
  },
  test: { test: (sizes, seed) => makeDigits("test", sizes.test, seed) },
  unknown: {
    letters: (sizes, seed) => makeLetters(sizes.ood, seed),
    scripts: (sizes, seed) => makeScripts(sizes.ood, seed),
    textures: (sizes, seed) => makeFar("textures", sizes.ood, seed),
    shapes: (sizes, seed) => makeFar("shapes", sizes.ood, seed),
    noise: (sizes, seed) => makeFar("noise", sizes.ood, seed),
    fields: (sizes, seed) => makeFar("fields", sizes.ood, seed),
  },
} as const satisfies Record<
  EmbeddedPart,
  Record<string, (sizes: EmbeddedSizes, seed: number) => EmbeddedSet>
>;

/** Names of the sets of unknowns of the test, in the order of tables. */
export const embeddedOodNames = {
  near: ["letters", "scripts"],
  far: ["textures", "shapes", "noise", "fields"],
} as const satisfies {
  readonly [Group in "near" | "far"]: readonly (keyof (typeof makers)["unknown"])[];
};

/** Which of its sizes a part depends on. */
export const sizesOfPart = {
  known: ["train", "validation"],
  choosing: ["validationOod"],
  test: ["test"],
  unknown: ["ood"],
} as const satisfies Record<EmbeddedPart, readonly (keyof EmbeddedSizes)[]>;

/**
 * Makes the sets of one part of the embedded data set: uint8 images [N, 3, 32, 32] in memory.
 *
 * @param seed  any finite number; every pixel is a function of it, the set's name and the image's index
 * @param sizes  numbers of images
 * @returns the sets by name
 * @throws OAL-D150 for a size that is not an integer >= 0; OAL-I103 for a damaged outline file
 * @cost about 0.2 ms an image on one core; 3 KiB an image
 * @example
 * const letters = makeEmbeddedPart("unknown", { seed: 0, sizes }).get("letters");
 * letters?.labels[0];       // -1
 */
export function makeEmbeddedPart(
  part: EmbeddedPart,
  { seed, sizes }: { readonly seed: number; readonly sizes: EmbeddedSizes },
): ReadonlyMap<string, EmbeddedSet> {
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 0) throw oalError("OAL-D150", { name, size });
  return new Map(Object.entries(makers[part]).map(([name, make]) => [name, make(sizes, seed)]));
}
