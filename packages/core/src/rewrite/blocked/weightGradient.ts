/**
 * dW of a convolution as one blocked convolution in which images play the channels: dY is the filter, X the image (ENGINE 3.2).
 *
 * The channels of X that lie together in a block are taken as pixels side by side: a row of X is W times b columns, and the taps of the
 * filter stand b columns apart. So one row of the result holds every tap of b channels, X comes from its blocks to this order by one
 * reordering, and dY is read once for b channels. The sum over images is split into groups, which are added at the end, where that is
 * less to move than dY.
 */
import { at } from "../../graph/ops/access.js";
import { blockedConv, channelAffine } from "../../graph/ops/blockedConv.js";
import { weightGradients } from "../../graph/ops/convWeightGradient.js";
import { pad } from "../../graph/ops/pad.js";
import { reduceSum } from "../../graph/ops/reduceSum.js";
import { reorderInput } from "../../graph/ops/reorderInput.js";
import { reorderOutput } from "../../graph/ops/reorderOutput.js";
import { reshape } from "../../graph/ops/reshape.js";
import { slice } from "../../graph/ops/slice.js";
import { transpose } from "../../graph/ops/transpose.js";
import type { Windows } from "../../graph/ops/windows.js";
import { float32Tensor, sizeOf } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import { swapInBlocks } from "./filters.js";
import type { Layout, Rule } from "./layout.js";

/** Images must be a multiple of the block, for they take the place of channels. */
export const weightGradient: Rule = ({ outputs: [output] }, layout) => {
  const formula = output && weightGradients.partsOf(output);
  if (!formula || formula.x.dtype !== "float32" || !layout.shapeOf(formula.dy)) return false;
  const { x, dy, windows } = formula;
  const { block } = layout;
  // Taps that are not neighbours in X cannot be neighbours in the result.
  if (at(dy.shape, 0) % block !== 0 || windows.dilations[1] > 1) return false;
  if (at(x.shape, 1) >= block && !layout.shapeOf(x)) return false;
  const pixels = withMargins(asPixels(x, layout), marginsOf(x, dy, windows), block);
  const slopes = layout.blocked(dy);
  const { groups, channels, together, rows, columns } = pixels;
  const [, outs, height, width] = sizesOf(slopes);
  const result = sizeOf(windows.kernel) * channels * together * outs;
  const parts = groups * result <= sizeOf(slopes.shape) ? groups : 1;
  const image = reshape(swapped(reshape(pixels.value, [groups, channels, -1])), [
    channels,
    groups * block,
    rows,
    columns * together,
  ]);
  // From [N / b][n][O / b][place][o] to [N / b][O / b][place][n][o], as if n were pixels, behind which the engine takes channels from.
  const tiles = reorderInput(reshape(slopes, [groups, block, 1, outs * height * width]), block, true);
  const ordered = parts === 1 ? swapped(reshape(tiles, [groups, outs / block, -1])) : tiles;
  const filter = reshape(ordered, [parts * outs, (groups / parts) * block, height, width]);
  const taps = blockedConv(image, filter, {
    strides: [windows.dilations[0], 1],
    dilations: [windows.strides[0], windows.strides[1] * together],
    group: parts,
    block,
  });
  const sums = parts === 1 ? taps : reduceSum(reshape(taps, [channels, parts, result / channels]), [1]);
  const gradient = inOrder(sums, [outs, channels, together, ...windows.kernel], block);
  layout.keepPlain(output, cut(gradient, at(dy.shape, 1), at(x.shape, 1)));
  return true;
};

/** X with images as channels: memory [N / b][channels][row][column][together][n]. */
interface Pixels {
  readonly value: Value;
  readonly groups: number;
  /** Blocks of channels, and how many channels of a block lie side by side in a row. */
  readonly channels: number;
  readonly together: number;
  readonly rows: number;
  readonly columns: number;
}

function asPixels(x: Value, layout: Layout): Pixels {
  const { block } = layout;
  // Of pictures, which do not lie in blocks, every channel stands alone.
  const isBlocked = at(x.shape, 1) >= block;
  const [images, channels, rows, columns] = sizesOf(isBlocked ? layout.blocked(x) : x);
  const ordered = isBlocked ? layout.blocked(x) : layout.plain(x);
  const together = isBlocked ? block : 1;
  const groups = images / block;
  return {
    value: reorderInput(reshape(ordered, [groups, block, 1, channels * rows * columns]), block),
    groups,
    channels: channels / together,
    together,
    rows,
    columns,
  };
}

/** Padding of exactly the pixels that the taps read; windows that drop an edge give negative amounts. */
function marginsOf(x: Value, dy: Value, { kernel, strides, dilations, pads }: Windows): Windows["pads"] {
  const missing = (axis: 0 | 1): number => {
    const read = (at(dy.shape, axis + 2) - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
    return read - at(x.shape, axis + 2) - pads[axis];
  };
  return [pads[0], pads[1], missing(0), missing(1)];
}

/** Zeros around the maps, by the kernel that pads fastest; negative margins crop. */
function withMargins(pixels: Pixels, margins: Windows["pads"], block: number): Pixels {
  const [top, left, bottom, right] = margins;
  const { value, groups, channels, together, rows, columns } = pixels;
  const size = { rows: rows + top + bottom, columns: columns + left + right };
  if (margins.every((amount) => amount === 0)) return pixels;
  if (margins.some((amount) => amount < 0)) {
    const lines = reshape(value, [groups * channels, rows, columns * together * block]);
    const step = together * block;
    return { ...pixels, ...size, value: pad(lines, [0, top, left * step, 0, bottom, right * step]) };
  }
  const ones = value.graph.constant(float32Tensor([block], new Float32Array(block).fill(1)));
  const maps = reshape(value, [groups * channels, block, rows, columns * together]);
  const pads = [top, left * together, bottom, right * together];
  return { ...pixels, ...size, value: channelAffine(maps, ones, { pads, block }) };
}

/** Memory [channels][O / b][taps][together][o] as a weight [O, channels * together, KH, KW]. */
function inOrder(
  sums: Value,
  [outs, channels, together, height, width]: readonly [number, number, number, number, number],
  block: number,
): Value {
  const taps = height * width;
  const byOutput = swapped(reshape(sums, [channels, outs / block, taps * together * block]));
  const byChannel = taps === 1 || together === 1 ? byOutput : swapInBlocks(byOutput, taps, together, block);
  const blocked = reshape(byChannel, [outs / block, block, channels * together, taps]);
  return reshape(reorderOutput(blocked, block), [outs, channels * together, height, width]);
}

/** [a, b, rest] as [b, a, rest]; an axis of one element needs no moving. */
function swapped(x: Value): Value {
  return at(x.shape, 0) === 1 || at(x.shape, 1) === 1 ? x : transpose(x, [1, 0, 2]);
}

/** Without the zeros that filled blocks. */
function cut(weight: Value, outs: number, ins: number): Value {
  const isWhole = outs === at(weight.shape, 0) && ins === at(weight.shape, 1);
  return isWhole ? weight : slice(weight, [0, 0], [outs, ins]);
}

function sizesOf({ shape }: Value): [images: number, channels: number, rows: number, columns: number] {
  return [at(shape, 0), at(shape, 1), at(shape, 2), at(shape, 3)];
}
