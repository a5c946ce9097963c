/** Tensors that a network must not start from random numbers: the whitening filters of airbench. */
import { join } from "node:path";
import { float32Tensor, normaliseBatch, Random, type Normalisation } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import { airbench, whiteningName } from "../../nn/networks/airbench.js";
import { patchesOf, whiteningWeights } from "../../nn/networks/whitening.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import { passRows } from "../../runtime/passRows.js";
import { networkPrefix } from "../../training/loss.js";
import type { NetworkChoice } from "../../training/network.js";

/** Images of 32x32 pixels from which the whitening filters are measured; of larger ones as many as have the same number of pixels. */
const whiteningImages = 2000;

/**
 * Writes the start tensors of a network, where it has some, into a folder.
 *
 * @returns path of a safetensors file, or undefined for a network that starts from random numbers alone
 */
export async function startOf(
  folder: string,
  network: NetworkChoice,
  images: ImageSet,
  normalisation: Normalisation,
): Promise<string | undefined> {
  if (network.id !== airbench.id) return undefined;
  const count = Math.min(passRows(whiteningImages, images.height), images.count);
  const chosen = new Random(0, "whitening").permutation(0, images.count).subarray(0, count);
  const plane = images.height * images.width;
  const pixels = normaliseBatch(images.read(chosen), plane, normalisation);
  const weights = whiteningWeights(patchesOf(float32Tensor([count, 3, images.height, images.width], pixels)));
  const path = join(folder, "start.safetensors");
  await writeSafetensors(path, new Map([[`${networkPrefix}.${whiteningName}`, weights]]));
  return path;
}
