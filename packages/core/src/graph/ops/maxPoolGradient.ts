/** Gradient of MaxPool by equality masks; elements that share a maximum share its gradient. */
import { Composite } from "../composite.js";
import type { Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at, imageShape } from "./access.js";
import { add } from "./add.js";
import { averagePool2d } from "./averagePool.js";
import { cast } from "./cast.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { spread } from "./interleave.js";
import { mul } from "./mul.js";
import { pad } from "./pad.js";
import { repeatBlocks } from "./resize.js";
import { slice } from "./slice.js";
import { step } from "./step.js";
import { sub } from "./sub.js";
import type { Pair, Windows } from "./windows.js";

/** Below every finite float32 that can win against it. */
const lowest = -3.4028234663852886e38;

/** dX of a pool of float32 whose windows of this size stand edge to edge. */
export const tiledMaxPoolGradients = new Composite<{
  readonly x: Value;
  readonly y: Value;
  readonly dy: Value;
  readonly kernel: Pair;
}>();

/** dX [N, C, H, W] of a pool from its input, result and dY. */
export function maxPoolGradient(x: Value, y: Value, dy: Value, windows: Windows): Value {
  // The engine enlarges no float64.
  const isTiled = x.dtype === "float32" && isTiling(windows, imageShape(x), imageShape(y));
  if (!isTiled) return tapped(x, y, dy, windows);
  return tiledMaxPoolGradients.mark(tiled(x, y, dy, windows), { x, y, dy, kernel: windows.kernel });
}

/** Do the windows stand edge to edge inside the image? Rows and columns at the end may be left over. */
export function isTiling(
  { kernel, strides, dilations, pads }: Windows,
  shape: Shape,
  pooled: Shape,
): boolean {
  return (
    kernel.join() === strides.join() &&
    dilations.every((dilation) => dilation === 1) &&
    pads.every((amount) => amount === 0) &&
    kernel.every((size, axis) => at(pooled, axis + 2) * size <= at(shape, axis + 2))
  );
}

/**
 * Edge to edge: the maxima enlarged over their windows mark the winners, a mean pool counts them. The mask is the step
 * function of x - max: 1 at the maximum, 0 below.
 */
function tiled(x: Value, y: Value, dy: Value, { kernel }: Windows): Value {
  const covered = [y.size(2) * kernel[0], y.size(3) * kernel[1]] as const;
  const rest = [x.size(2) - covered[0], x.size(3) - covered[1]] as const;
  const seen = rest[0] + rest[1] === 0 ? x : slice(x, [0, 0], covered, [2, 3]);
  const winners = step(sub(seen, repeatBlocks(y, kernel)), 1);
  const counts = mul(averagePool2d(winners, { kernel }), kernel[0] * kernel[1]);
  return pad(mul(winners, repeatBlocks(div(dy, counts), kernel)), [0, 0, 0, 0, 0, 0, ...rest]);
}

/** Overlapping windows, tap by tap: which windows have their maximum at this place of the kernel. */
function tapped(x: Value, y: Value, dy: Value, windows: Windows): Value {
  const { kernel, strides, dilations, pads } = windows;
  const [height, width] = [x.size(2), x.size(3)];
  const [rows, columns] = [y.size(2), y.size(3)];
  const reach = [0, 1].map((axis) => {
    const count = axis === 0 ? rows : columns;
    return (count - 1) * at(strides, axis) + (at(kernel, axis) - 1) * at(dilations, axis) + 1;
  });
  const [tall, wide] = [at(reach, 0), at(reach, 1)];
  const margins = [0, 0, pads[0], pads[1], 0, 0, tall - height - pads[0], wide - width - pads[1]];
  const padded = pad(x, margins, lowest);
  const taps = Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => [
    Math.floor(tap / kernel[1]) * dilations[0],
    (tap % kernel[1]) * dilations[1],
  ]);
  const masks = taps.map(([top = 0, left = 0]) => {
    const ends = [top + (rows - 1) * strides[0] + 1, left + (columns - 1) * strides[1] + 1];
    return cast(equal(slice(padded, [top, left], ends, [2, 3], strides), y), dy.dtype);
  });
  const share = div(
    dy,
    masks.reduce((sum, mask) => add(sum, mask)),
  );
  const parts = masks.map((mask, index) => {
    const [top = 0, left = 0] = at(taps, index);
    const spaced = spread(spread(mul(mask, share), 2, strides[0]), 3, strides[1]);
    return pad(spaced, [0, 0, top, left, 0, 0, tall - top - spaced.size(2), wide - left - spaced.size(3)]);
  });
  return pad(
    parts.reduce((sum, part) => add(sum, part)),
    margins.map((amount) => -amount),
  );
}
