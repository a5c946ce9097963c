/** The pictures that a changed model is measured on: a folder's, or the validation pictures of a run. */
import { existsSync } from "node:fs";
import { isOalError, oalError, type RgbImage } from "oal-core";
import type { BundleFacts, BundleInput, Preprocessing } from "../../bundle/facts.js";
import { decodedPicture, type NamedPicture } from "../../bundle/pictures.js";
import { findPictures } from "../pictureFiles.js";

/** Pictures that can be gone through more than once. */
export interface ExportPictures {
  /** How many there may be. */
  readonly count: number;
  /** Whether they are the squares that the model takes, resized and cut before. */
  readonly isCut: boolean;
  /** Those that can be read, upright, in order. */
  read(): AsyncIterable<RgbImage>;
  close(): Promise<void>;
}

/**
 * Pictures of folders, archives and files. A picture that cannot be read is left out and told.
 *
 * @throws OAL-D101 for a path where nothing is
 */
export async function picturesAt(
  paths: readonly string[],
  rule: Preprocessing,
  onUnreadable: (id: string) => void,
): Promise<ExportPictures> {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw oalError("OAL-D101", { path: missing });
  const found = await findPictures(paths);
  return {
    count: found.count,
    isCut: false,
    async *read() {
      for await (const picture of found.pictures()) {
        const image = await readable(picture, rule);
        if (image === null) onUnreadable(picture.id);
        else yield image;
      }
    },
    close: () => found.close(),
  };
}

async function readable(picture: NamedPicture, rule: Preprocessing): Promise<RgbImage | null> {
  try {
    return await decodedPicture(picture, rule);
  } catch (error) {
    if (isOalError(error)) return null;
    throw error;
  }
}

/**
 * The facts by which pictures are laid out: of those that are cut already none is resized again. A graph that resizes pictures itself has
 * only such squares to be asked about, and takes them for whole pictures.
 *
 * @param facts of the model that is asked
 * @param form the input of the model that is measured
 */
export function factsFor(
  facts: BundleFacts,
  { isCut }: Pick<ExportPictures, "isCut">,
  form: BundleInput,
): BundleFacts {
  const { preprocessing } = facts;
  if (!isCut || form.resizing !== "outside") return facts;
  return { ...facts, preprocessing: { ...preprocessing, resize: preprocessing.crop } };
}

/** Items in lots of at most `most`. */
export async function* lots<T>(items: AsyncIterable<T>, most: number): AsyncGenerator<T[], void, undefined> {
  let lot: T[] = [];
  for await (const item of items) {
    lot.push(item);
    if (lot.length < most) continue;
    yield lot;
    lot = [];
  }
  if (lot.length > 0) yield lot;
}

/** Every other item, from the first or the second on. */
export async function* everyOther<T>(
  items: AsyncIterable<T>,
  first: 0 | 1,
): AsyncGenerator<T, void, undefined> {
  let index = 0;
  for await (const item of items) if (index++ % 2 === first) yield item;
}
