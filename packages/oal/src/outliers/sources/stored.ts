/** Pictures of a source that were made before the training, as an image set with the teacher's logits beside it. */
import { join } from "node:path";
import { float32Data, oalError } from "oal-core";
import { openImageSet } from "../../data/cachedSet.js";
import { readSafetensors } from "../../nn/safetensors.js";
import type { OutlierPictures } from "../../training/side/outliers.js";

/** The pictures as an image set, in the order of the file beside it; absent where nothing was decoded. */
export const decodedFolder = "images";

/**
 * Opens them.
 *
 * @param folder of the artifact
 * @param file in it, with "teacherLogits" [M, C]
 * @throws OAL-I111 where it has none; those of a damaged image set
 */
export async function openStored(folder: string, file: string): Promise<OutlierPictures> {
  const { tensors } = await readSafetensors(join(folder, file), ["teacherLogits"]);
  const logits = tensors.get("teacherLogits");
  if (!logits) throw oalError("OAL-I111", { name: "teacherLogits", problem: "missing" });
  const images = openImageSet(join(folder, decodedFolder));
  return {
    count: images.count,
    pictures: (rows) => images.read(rows),
    teacherLogits: float32Data(logits, "teacherLogits"),
    close: () => images.close(),
  };
}
