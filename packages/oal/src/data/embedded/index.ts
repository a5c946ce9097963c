/**
 * The embedded data set: made in the process within seconds, without network or files of the user, the same bits on every machine.
 * ID are digits of 60 font families (none in two splits), near-OOD other glyphs, far-OOD procedural pictures; the unknown pictures
 * that settings may be chosen by are of kinds that no test set has.
 */
import { oalError } from "oal-core";
import { usualSize } from "./draws.js";
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

/** The sets by part and name, each a function of its count, the seed and the sides of its images. */
const makers = {
  known: {
    train: (sizes, seed) => makeDigits("train", sizes.train, seed),
    validation: (sizes, seed) => makeDigits("validation", sizes.validation, seed),
  },
  choosing: {
    signs: (sizes, seed) => makeSigns(sizes.validationOod, seed),
    drawings: (sizes, seed, side) => makeDrawings(sizes.validationOod, seed, side),
  },
  test: { test: (sizes, seed) => makeDigits("test", sizes.test, seed) },
  unknown: {
    letters: (sizes, seed) => makeLetters(sizes.ood, seed),
    scripts: (sizes, seed) => makeScripts(sizes.ood, seed),
    textures: (sizes, seed, side) => makeFar("textures", sizes.ood, seed, side),
    shapes: (sizes, seed, side) => makeFar("shapes", sizes.ood, seed, side),
    noise: (sizes, seed, side) => makeFar("noise", sizes.ood, seed, side),
    fields: (sizes, seed, side) => makeFar("fields", sizes.ood, seed, side),
  },
} as const satisfies Record<
  EmbeddedPart,
  Record<string, (sizes: EmbeddedSizes, seed: number, side: number) => EmbeddedSet>
>;

/** The sets that are drawn at any size; the others are characters of the usual one. */
const ofAnySize: ReadonlySet<string> = new Set(["drawings", "textures", "shapes", "noise", "fields"]);

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
 * Makes the sets of one part of the embedded data set, one after the other: uint8 images [N, 3, S, S] in memory. Every length of a
 * picture grows with its side; nothing is resized.
 *
 * @param seed  any finite number; every pixel is a function of it, the set's name and the image's index
 * @param sizes  numbers of images
 * @param side  S, default 32; at another one only the sets that show no characters are made
 * @returns the sets by name
 * @throws OAL-D150 for a size that is not an integer >= 0; OAL-I103 for a damaged outline file
 * @cost about 0.2 ms and 3 KiB an image of 32 x 32 pixels, 12 ms and 150 KiB of 224 x 224
 * @example
 * for (const [name, set] of makeEmbeddedPart("unknown", { seed: 0, sizes })) console.log(name, set.labels[0]); // letters -1 ...
 */
export function* makeEmbeddedPart(
  part: EmbeddedPart,
  {
    seed,
    sizes,
    side = usualSize,
  }: { readonly seed: number; readonly sizes: EmbeddedSizes; readonly side?: number },
): Generator<readonly [name: string, set: EmbeddedSet]> {
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 0) throw oalError("OAL-D150", { name, size });
  for (const [name, make] of Object.entries(makers[part]))
    if (side === usualSize || ofAnySize.has(name)) yield [name, make(sizes, seed, side)];
}
