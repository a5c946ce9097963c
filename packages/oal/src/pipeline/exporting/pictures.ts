/** The pictures that a changed model is measured on: a folder's, or the validation pictures of a run. */
import { isOalError, preprocessImage, toPlanes, type RgbImage } from "oal-core";
import type { Preprocessing } from "../../bundle/facts.js";
import { decodedPicture, type NamedPicture } from "../../bundle/pictures.js";
import { findPictures } from "../pictureFiles.js";

/** A picture as the model file sees it, and as it was. */
export interface ExportPicture {
  /** uint8 [3, S, S], resized and cropped. */
  readonly square: Uint8Array;
  /** Decoded and turned, of its own size; null where only the square is kept. */
  readonly whole: RgbImage | null;
}

/** Pictures that can be gone through more than once. */
export interface ExportPictures {
  readonly count: number;
  /** Those that can be read, in order. */
  read(): AsyncGenerator<ExportPicture, void, undefined>;
}

/** Pictures of folders, archives and files. One that cannot be read is left out and counted. */
export async function picturesOf(
  paths: readonly string[],
  rule: Preprocessing,
  onUnreadable: (id: string) => void,
): Promise<ExportPictures & { close(): Promise<void> }> {
  const found = await findPictures(paths);
  const { resize, crop, interpolation } = rule;
  return {
    count: found.count,
    async *read() {
      for await (const picture of found.pictures()) {
        const whole = await readable(picture, rule);
        if (whole === null) onUnreadable(picture.id);
        else yield { whole, square: toPlanes(preprocessImage(whole, { resize, crop, interpolation })) };
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

/** Pictures in lots of at most `most`. */
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
