/** Weights of one training as the start of another. */
import { join } from "node:path";
import { withPrefix } from "../../nn/parameters.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import { networkPrefix } from "../../training/network.js";
import { loadClassifier } from "./classifierArtifact.js";

/**
 * Writes the tensors of a warm start as those that a training starts from.
 *
 * @param artifact folder of the warm start
 * @returns path of the safetensors file in `folder`
 */
export async function warmTensors(artifact: string, folder: string): Promise<string> {
  const { parameters } = await loadClassifier(artifact);
  const path = join(folder, "start.safetensors");
  await writeSafetensors(path, withPrefix(parameters, networkPrefix));
  return path;
}
