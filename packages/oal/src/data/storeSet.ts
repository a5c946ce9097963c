/** Writes any image set as decoded shards, so that other threads can open it by folder. */
import { oalError } from "oal-core";
import { SET_FORMAT, writeSetManifest } from "./cachedSet.js";
import type { ImageSet } from "./imageSet.js";
import { ShardWriter } from "./shards.js";
import { makeFolderSync } from "../runtime/makeFolder.js";

/**
 * Stores a set in a folder; `openImageSet` reads it back, with the same pixels, labels and ids in the same order.
 *
 * @throws OAL-I101 when the folder cannot be written
 */
export async function storeImageSet(set: ImageSet, folder: string): Promise<void> {
  const { name, height, width, count } = set;
  try {
    makeFolderSync(folder);
    const writer = new ShardWriter(folder, 3 * height * width, count);
    try {
      const row = new Uint8Array(3 * height * width);
      for (let index = 0; index < count; index++) writer.write(index, set.read([index], row));
      await writeSetManifest(folder, {
        format: SET_FORMAT,
        name,
        height,
        width,
        labels: [...set.labels],
        ids: [...set.ids],
        classNames: [...set.classNames],
        rows: null,
        shards: await writer.finish(),
        skipped: [],
      });
    } finally {
      writer.close();
    }
  } catch (error) {
    throw oalError(
      "OAL-I101",
      { path: folder, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}
