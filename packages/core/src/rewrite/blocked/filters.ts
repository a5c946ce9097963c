/**
 * Weights of convolutions in the memory orders that blocked kernels want, by the engine's reordering operators, which move blocks of
 * channels several times faster than a Transpose (ENGINE 18).
 */
import { at } from "../../graph/ops/access.js";
import { integers } from "../../graph/ops/apply.js";
import { gather } from "../../graph/ops/gather.js";
import { pad } from "../../graph/ops/pad.js";
import { reorderInput } from "../../graph/ops/reorderInput.js";
import { reorderOutput } from "../../graph/ops/reorderOutput.js";
import { reshape } from "../../graph/ops/reshape.js";
import type { Shape } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import type { Layout } from "./layout.js";

/** Output channels, input channels, rows, columns. */
type FilterShape = readonly [number, number, number, number];

function filterShape(shape: Shape): FilterShape {
  return [at(shape, 0), at(shape, 1), at(shape, 2), at(shape, 3)];
}

/** The filter of a forward convolution from the weight [O, I, KH, KW] of the graph; I stays as it is below one block. */
export function forwardFilter(weight: Value, layout: Layout): Value {
  const ins = at(weight.shape, 1);
  return filterOf(weight, ins < layout.block ? ins : layout.whole(ins), layout);
}

/** [O / b][I / b][taps][i][o], or [O / b][I][taps][o] below one block, with zeros up to whole blocks and `ins`. */
function filterOf(weight: Value, ins: number, layout: Layout): Value {
  return layout.derived(`filter of ${ins}`, weight, () => {
    const { block } = layout;
    const [outs, ownIns, rows, columns] = filterShape(weight.shape);
    const whole = [layout.whole(outs), ins, rows, columns] as const;
    const padded = pad(layout.plain(weight), [0, 0, 0, 0, whole[0] - outs, ins - ownIns, 0, 0]);
    // [O / b][I][taps][o], where I may be [I / b][i].
    const byOutput = reorderInput(reshape(padded, [whole[0] / block, block, ins, rows * columns]), block);
    const isReady = ins < block || rows * columns === 1;
    return reshape(isReady ? byOutput : swapInBlocks(byOutput, block, rows * columns, block), whole);
  });
}

/** [...][from][to][block] to [...][to][from][block], as the engine takes channels from behind the pixels. */
export function swapInBlocks(x: Value, from: number, to: number, block: number): Value {
  return reorderInput(reshape(x, [-1, from, 1, to * block]), block, true);
}

/** A weight [C, 1, KH, KW] of one channel a group: [C / b][taps][c]. */
export function depthwiseFilter(weight: Value, layout: Layout): Value {
  return layout.derived("depthwise filter", weight, () => {
    const [channels, , rows, columns] = filterShape(weight.shape);
    const blocked = reorderInput(reshape(layout.plain(weight), [1, channels, rows, columns]), layout.block);
    return reshape(blocked, weight.shape);
  });
}

/**
 * The filter of a convolution of dY that gives dX: input and output channels change places, and of the taps those are taken that are
 * asked for, in their order.
 *
 * @param weight [O, I, KH, KW] of the graph
 * @param taps row-major indices of a kernel of this many rows and columns
 */
export function backwardFilter(
  weight: Value,
  taps: readonly number[],
  kernel: readonly [number, number],
  layout: Layout,
): Value {
  const { block } = layout;
  const [outs, ins, rows, columns] = filterShape(weight.shape);
  const [outGroups, inGroups] = [layout.whole(outs) / block, layout.whole(ins) / block];
  const count = rows * columns;
  const tiles = layout.derived("turned tiles", weight, () => {
    const forward = filterOf(weight, inGroups * block, layout);
    const turned = reorderOutput(reshape(forward, [outGroups * inGroups * count, block, block, 1]), block);
    return reshape(turned, [outGroups * inGroups * count, block * block]);
  });
  const order = Array.from({ length: inGroups }, (_, into) =>
    Array.from({ length: outGroups }, (__, out) => taps.map((tap) => (out * inGroups + into) * count + tap)),
  ).flat(2);
  const chosen = order.every((tile, place) => tile === place) && order.length === at(tiles.shape, 0);
  const filter = chosen ? tiles : gather(tiles, integers(layout.target, order), 0);
  return reshape(filter, [inGroups * block, outGroups * block, ...kernel]);
}
