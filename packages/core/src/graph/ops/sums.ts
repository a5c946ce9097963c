/**
 * Sums over axes in the order that ONNX Runtime computes fast (ENGINE 5.1, 5.3): one block of adjacent axes at a time
 * from the last, and long column sums in two stages. Used by gradient rules and by BatchNorm.
 */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { Composite } from "../composite.js";
import { sizeOf, type Dims } from "../tensor.js";
import type { Value } from "../value.js";
import { at } from "./access.js";
import { reduceSum } from "./reduceSum.js";
import { reshape } from "./reshape.js";

interface Block {
  readonly size: number;
  readonly summed: boolean;
}

/** Sums of a value over all its axes but the second, which are left: [C]. */
export const channelSums = new Composite<{ readonly x: Value }>();

/** Sums of images [N, C, H, W] over their pixels: [N, C]. */
export const mapSums = new Composite<{ readonly x: Value }>();

/** Sum over axes, which vanish: equals reduceSum(x, axes) and is faster over several or leading axes. */
export function sumOver(x: Value, axes: readonly number[]): Value {
  expectArguments("sumOver", { x: [x, aValue], axes: [axes, kinds.integers] });
  // With an axis whose size is open nothing can be folded; the plain sum computes the same.
  if (x.dims.some((size) => typeof size === "string")) return reduceSum(x, axes);
  const kept = x.shape.filter((_, axis) => !axes.includes(axis));
  const blocks: Block[] = [];
  x.shape.forEach((size, axis) => {
    if (size === 1) return;
    const summed = axes.includes(axis);
    const last = blocks.at(-1);
    if (last?.summed === summed) blocks[blocks.length - 1] = { size: last.size * size, summed };
    else blocks.push({ size, summed });
  });
  let result = shaped(
    x,
    blocks.map((block) => block.size),
  );
  for (let position = blocks.length - 1; position >= 0; position--) {
    const block = at(blocks, position);
    if (!block.summed) continue;
    result = position === 0 && blocks.length > 1 ? columnSum(result) : reduceSum(result, [position]);
  }
  const sum = shaped(result, kept);
  const isOfChannels = x.rank > 1 && axes.length === x.rank - 1 && !axes.includes(1);
  if (isOfChannels) return channelSums.mark(sum, { x });
  const isOfMaps = x.rank === 4 && axes.length === 2 && axes.includes(2) && axes.includes(3);
  return isOfMaps ? mapSums.mark(sum, { x }) : sum;
}

/** The gradient of a broadcast: sums a value down to the sizes it was stretched from. */
export function sumTo(x: Value, dims: Dims): Value {
  if (x.dims.join() === dims.join()) return x;
  const lead = x.rank - dims.length;
  const axes = x.dims.flatMap((size, axis) =>
    axis < lead || (dims[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  return shaped(sumOver(x, axes), dims);
}

/** Sum over the first axis of a matrix-like value, in two stages when it is long. */
function columnSum(x: Value): Value {
  const rows = at(x.shape, 0);
  const rest = x.shape.slice(1);
  const stage = rows >= 256 && sizeOf(rest) > 1 ? divisorNear64(rows) : 1;
  if (stage === 1) return reduceSum(x, [0]);
  return reduceSum(reduceSum(reshape(x, [stage, rows / stage, ...rest]), [1]), [0]);
}

function divisorNear64(rows: number): number {
  for (let stage = 64; stage >= 8; stage--) if (rows % stage === 0) return stage;
  for (let stage = 65; stage <= 128; stage++) if (rows % stage === 0) return stage;
  return 1;
}

function shaped(x: Value, dims: Dims): Value {
  return x.dims.join() === dims.join() ? x : reshape(x, dims);
}
