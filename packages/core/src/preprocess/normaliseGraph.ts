/** Normalisation as part of a model: pixels in, the network's input out, the same arithmetic on every device. */
import { aValue } from "../graph/ops/operands.js";
import { aNormalisation, type Normalisation } from "./normalise.js";
import { expectArguments } from "../errors/index.js";
import type { Value } from "../graph/value.js";
import { cast, div, sub } from "../graph/index.js";

/**
 * (pixel / 255 - mean) / std per channel.
 *
 * @param images uint8 (or float32 in 0..255) [N, 3, H, W]
 * @returns float32 [N, 3, H, W]
 */
export function normaliseImages(images: Value, normalisation: Normalisation): Value {
  expectArguments("normaliseImages", {
    images: [images, aValue],
    normalisation: [normalisation, aNormalisation],
  });
  const channel = (values: readonly number[]): Value =>
    images.graph.constant({
      dtype: "float32",
      shape: [1, values.length, 1, 1],
      data: Float32Array.from(values),
    });
  return div(sub(div(cast(images, "float32"), 255), channel(normalisation.mean)), channel(normalisation.std));
}
