/** Enlarging images by whole factors. */
import { repeatBlocks } from "../ops/resize.js";
import type { Value } from "../value.js";

/** Every pixel of [N, C, H, W] repeated factor x factor times: nearest-neighbour enlargement. */
export function resizeNearest(x: Value, factor: number): Value {
  return repeatBlocks(x, [factor, factor]);
}
