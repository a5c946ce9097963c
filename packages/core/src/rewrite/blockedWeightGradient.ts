/**
 * dW of a convolution as a blocked convolution with the image and channel axes swapped: X plays the images [C, N, H, W],
 * dY the filter [O, N, H', W'], strides become dilations and dilations strides (ENGINE 3.2).
 */
import { at } from "../graph/ops/access.js";
import { blockedConv } from "../graph/ops/blockedConv.js";
import { pad } from "../graph/ops/pad.js";
import { reorderInput } from "../graph/ops/reorderInput.js";
import { reorderOutput } from "../graph/ops/reorderOutput.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { transpose } from "../graph/ops/transpose.js";
import type { WeightGradient } from "../graph/ops/convWeightGradient.js";
import type { Windows } from "../graph/ops/windows.js";
import type { Value } from "../graph/value.js";

/** Maps of this height and more are processed in chunks of images, so that a chunk of dY fits into the caches. */
const chunkedRows = 14;
/** Images of one chunk. */
const chunkImages = 32;

/** Images and output channels must be multiples of the block; 1x1 kernels are faster as matrix products (measured 2 times). */
export function fitsBlockedGradient({ x, dy, windows }: WeightGradient, block: number): boolean {
  if (windows.kernel[0] * windows.kernel[1] === 1) return false;
  return x.dtype === "float32" && at(dy.shape, 0) % block === 0 && at(dy.shape, 1) % block === 0;
}

/** dW [O, C, KH, KW]. */
export function blockedWeightGradient({ x, dy, windows }: WeightGradient, block: number): Value {
  const { kernel, strides, dilations, pads } = windows;
  const [images, rows, columns] = [at(dy.shape, 0), at(dy.shape, 2), at(dy.shape, 3)];
  // Exactly the pixels that the taps read: windows that drop an edge give negative padding.
  const bottom = (rows - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1 - at(x.shape, 2) - pads[0];
  const right = (columns - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1 - at(x.shape, 3) - pads[1];
  const margins = [pads[0], pads[1], bottom, right] as const;
  const slopes = reorderInput(dy, block);
  const chunk =
    rows >= chunkedRows && images % chunkImages === 0 && chunkImages % block === 0 ? chunkImages : images;
  let sum: Value | undefined;
  for (let start = 0; start < images; start += chunk) {
    const part = (value: Value): Value => (chunk === images ? value : slice(value, [start], [start + chunk]));
    const byChannel = asImages(part(x), margins, block);
    sum = blockedConv(byChannel, asFilter(part(slopes), block), {
      strides: dilations,
      dilations: strides,
      block,
      ...(sum ? { sum } : {}),
    });
  }
  return sum ? transpose(reorderOutput(sum, block), [1, 0, 2, 3]) : x;
}

/** [N, C, H, W] padded by [top, left, bottom, right], as blocked images [C, N, ...]: rows are padded a block of images at a time. */
function asImages(x: Value, [top, left, bottom, right]: Windows["pads"], block: number): Value {
  const [images, channels, rows, columns] = [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)];
  const groups = images / block;
  const blocked = reorderInput(reshape(x, [groups, block, channels * rows, columns]), block);
  const lines = reshape(blocked, [groups * channels, rows, columns * block]);
  const padded = pad(lines, [0, top, left * block, 0, bottom, right * block]);
  const [height, width] = [rows + top + bottom, columns + left + right];
  const byChannel = transpose(reshape(padded, [groups, channels, height * width * block]), [1, 0, 2]);
  return reshape(byChannel, [channels, images, height, width]);
}

/** Blocked [N, O, H', W'] as a blocked filter [O, N, H', W'], memory [O / b][N / b][place][n][o]. */
function asFilter(slopes: Value, block: number): Value {
  const [images, outs, rows, columns] = [
    at(slopes.shape, 0),
    at(slopes.shape, 1),
    at(slopes.shape, 2),
    at(slopes.shape, 3),
  ];
  const byOutput = transpose(reshape(slopes, [images, outs / block, rows * columns * block]), [1, 0, 2]);
  const tiles = reshape(byOutput, [(outs / block) * (images / block), block * block, rows, columns]);
  return reshape(reorderOutput(tiles, block, true), [outs, images, rows, columns]);
}
