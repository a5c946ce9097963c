/** Enlarging images by whole factors. */
import { aValue } from "../ops/operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { repeatBlocks } from "../ops/resize.js";
import type { Value } from "../value.js";

/** Every pixel of [N, C, H, W] repeated factor x factor times: nearest-neighbour enlargement. */
export function resizeNearest(x: Value, factor: number): Value {
  expectArguments("resizeNearest", { x: [x, aValue], factor: [factor, kinds.positiveCount] });
  return repeatBlocks(x, [factor, factor]);
}
