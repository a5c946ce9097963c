/** Repetition of every element of an image into a block: the adjoint of summing blocks. */
import type { Value } from "../value.js";
import { at } from "./access.js";
import { expand } from "./expand.js";
import { reshape } from "./reshape.js";
import type { Pair } from "./windows.js";

/** [N, C, H, W] to [N, C, H * rows, W * columns], each element repeated rows x columns times. */
export function repeatBlocks(x: Value, [rows, columns]: Pair): Value {
  const [images, channels, height, width] = [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)];
  const view = reshape(x, [images * channels, height, 1, width, 1]);
  const blocks = expand(view, [images * channels, height, rows, width, columns]);
  return reshape(blocks, [images, channels, height * rows, width * columns]);
}
