/** Tensors that a network must not start from random numbers, such as the whitening filters of airbench. */
import { join } from "node:path";
import { float32Tensor, normaliseBatch, Random, type Normalisation } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import { networks } from "../../nn/networks/index.js";
import { withPrefix } from "../../nn/parameters.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import { passRows } from "../../runtime/passRows.js";
import { type NetworkChoice, networkPrefix } from "../../training/network.js";

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
  const { start } = networks.find(network.id);
  if (start === undefined) return undefined;
  const count = Math.min(passRows(start.images, images.height), images.count);
  const chosen = new Random(0, "whitening").permutation(0, images.count).subarray(0, count);
  const plane = images.height * images.width;
  const pixels = normaliseBatch(images.read(chosen), plane, normalisation);
  const measured = start.tensors(float32Tensor([count, 3, images.height, images.width], pixels));
  const path = join(folder, "start.safetensors");
  await writeSafetensors(path, withPrefix(measured, networkPrefix));
  return path;
}
