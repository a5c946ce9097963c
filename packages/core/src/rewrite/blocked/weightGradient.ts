/**
 * dW of a convolution as a blocked convolution with the image and channel axes swapped: X plays the images [C, N, H, W],
 * dY the filter [O, N, H', W'], strides become dilations and dilations strides (ENGINE 3.2).
 */
import { at } from "../../graph/ops/access.js";
import { blockedConv, channelAffine } from "../../graph/ops/blockedConv.js";
import { weightGradients } from "../../graph/ops/convWeightGradient.js";
import { pad } from "../../graph/ops/pad.js";
import { reorderInput } from "../../graph/ops/reorderInput.js";
import { reshape } from "../../graph/ops/reshape.js";
import { slice } from "../../graph/ops/slice.js";
import { transpose } from "../../graph/ops/transpose.js";
import { float32Tensor } from "../../graph/tensor.js";
import type { Windows } from "../../graph/ops/windows.js";
import type { Value } from "../../graph/value.js";
import { weightOf } from "./filters.js";
import type { Rule } from "./layout.js";

/** Maps of this height and more are processed in chunks of images, so that a chunk of dY fits into the caches. */
const chunkedRows = 14;
/** Images of one chunk. */
const chunkImages = 32;

/** Images must be a multiple of the block, for they take the place of channels. */
export const weightGradient: Rule = ({ outputs: [output] }, layout) => {
  const parts = output && weightGradients.partsOf(output);
  if (!parts || parts.x.dtype !== "float32" || !layout.shapeOf(parts.dy)) return false;
  const { block } = layout;
  const { x, dy, windows } = parts;
  const images = at(dy.shape, 0);
  if (images % block !== 0) return false;
  const slopes = layout.blocked(dy);
  const image = layout.plain(x);
  const isChunked = at(dy.shape, 2) >= chunkedRows && images % chunkImages === 0 && chunkImages % block === 0;
  const chunk = isChunked ? chunkImages : images;
  let sum: Value | undefined;
  for (let start = 0; start < images; start += chunk) {
    const part = (value: Value): Value => (isChunked ? slice(value, [start], [start + chunk]) : value);
    sum = blockedConv(
      asImages(part(image), marginsOf(x, dy, windows), block),
      asFilter(part(slopes), block),
      {
        strides: windows.dilations,
        dilations: windows.strides,
        block,
        ...(sum ? { sum } : {}),
      },
    );
  }
  if (!sum) return false;
  const outs = at(dy.shape, 1);
  const whole = weightOf(sum, block);
  layout.keepPlain(output, outs === at(whole.shape, 0) ? whole : slice(whole, [0], [outs]));
  return true;
};

/** Padding of exactly the pixels that the taps read; windows that drop an edge give negative amounts. */
function marginsOf(x: Value, dy: Value, { kernel, strides, dilations, pads }: Windows): Windows["pads"] {
  const missing = (axis: 0 | 1): number => {
    const read = (at(dy.shape, axis + 2) - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
    return read - at(x.shape, axis + 2) - pads[axis];
  };
  return [pads[0], pads[1], missing(0), missing(1)];
}

/** [N, C, H, W] with margins, as blocked images [C, N, ...]. */
function asImages(x: Value, margins: Windows["pads"], block: number): Value {
  const [images, channels, rows, columns] = [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)];
  const groups = images / block;
  const blocked = reorderInput(reshape(x, [groups, block, channels * rows, columns]), block);
  const padded = withMargins(reshape(blocked, [groups * channels, block, rows, columns]), margins, block);
  const [height, width] = [at(padded.shape, 2), at(padded.shape, 3)];
  const byChannel = transpose(reshape(padded, [groups, channels, height * width * block]), [1, 0, 2]);
  return reshape(byChannel, [channels, images, height, width]);
}

/** A blocked tensor of one block with zeros around it, by the kernel that pads fastest; negative margins crop. */
function withMargins(x: Value, margins: Windows["pads"], block: number): Value {
  if (margins.every((amount) => amount === 0)) return x;
  const [top, left, bottom, right] = margins;
  if (margins.every((amount) => amount >= 0)) {
    const ones = x.graph.constant(float32Tensor([block], new Float32Array(block).fill(1)));
    return channelAffine(x, ones, { pads: [top, left, bottom, right], block });
  }
  const [images, , rows, columns] = x.shape;
  const lines = reshape(x, [images ?? 1, rows ?? 1, (columns ?? 1) * block]);
  const padded = pad(lines, [0, top, left * block, 0, bottom, right * block]);
  return reshape(padded, [images ?? 1, block, at(padded.shape, 1), at(padded.shape, 2) / block]);
}

/** Blocked [N, O, H', W'] as a blocked filter [O, N, H', W'], memory [O / b][N / b][place][n][o]. */
function asFilter(slopes: Value, block: number): Value {
  const [images, outs, rows, columns] = [
    at(slopes.shape, 0),
    at(slopes.shape, 1),
    at(slopes.shape, 2),
    at(slopes.shape, 3),
  ];
  const [groups, places] = [images / block, rows * columns];
  // [N / b][n][O / b][place][o] to [N / b][O / b][place][n][o]: channels from behind the pixels, which n plays.
  const tiles = reorderInput(reshape(slopes, [groups, block, 1, outs * places]), block, true);
  const byOutput = transpose(reshape(tiles, [groups, outs / block, places * block * block]), [1, 0, 2]);
  return reshape(byOutput, [outs, images, rows, columns]);
}
