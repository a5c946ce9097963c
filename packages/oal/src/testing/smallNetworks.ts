/** For tests only: options under which every network is small enough to be computed at once. */
import { optionsIn, type Choosable } from "../fields.js";

/** Small sizes under every name that networks use; networks for ImageNet have four stages. */
const sizes = { width: 4, widths: [4, 6, 8], blocks: 1, depth: 1, heads: 2, patch: 4 };

/** The options of a network that make it small. */
export function smallOptions(network: Choosable): Readonly<Record<string, unknown>> {
  const options = optionsIn(network, sizes);
  return "stageBlocks" in network.schema.shape
    ? { ...options, widths: [4, 6, 8, 10], stageBlocks: [1, 1, 1, 1] }
    : options;
}
