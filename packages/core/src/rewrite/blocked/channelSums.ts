/**
 * Sums over all images and pixels of a channel: means of maps, which the engine computes fastest, and of products without computing
 * the product, as a convolution of every map with the other as its kernel (ENGINE 18).
 */
import { at, inputOf } from "../../graph/ops/access.js";
import { blockedConv } from "../../graph/ops/blockedConv.js";
import { blockedGlobalAveragePool } from "../../graph/ops/blockedPools.js";
import { Mul, mul } from "../../graph/ops/mul.js";
import { reshape } from "../../graph/ops/reshape.js";
import { slice } from "../../graph/ops/slice.js";
import { channelSums, sumOver } from "../../graph/ops/sums.js";
import type { Value } from "../../graph/value.js";
import type { Layout, Rule } from "./layout.js";

export const channelSum: Rule = ({ outputs: [output] }, layout) => {
  const parts = output && channelSums.partsOf(output);
  if (!parts) return false;
  const sums = productSums(parts.x, layout) ?? valueSums(parts.x, layout);
  if (!sums) return false;
  const channels = at(output.shape, 0);
  layout.keepPlain(output, channels === at(sums.shape, 0) ? sums : slice(sums, [0], [channels]));
  return true;
};

function valueSums(x: Value, layout: Layout): Value | null {
  if (!layout.isBlocked(x)) return null;
  const blocked = layout.blocked(x);
  const [images, channels, rows, columns] = blocked.shape;
  const means = reshape(blockedGlobalAveragePool(blocked, layout.block), [images ?? 1, channels ?? 1]);
  return mul(sumOver(means, [0]), (rows ?? 1) * (columns ?? 1));
}

/** Of a product that nothing else reads: every map of one factor is the kernel of the other's. */
function productSums(x: Value, layout: Layout): Value | null {
  const { node } = x;
  if (node?.operator !== Mul || !layout.shapeOf(x) || layout.readers(x) > 1) return null;
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  if (a.dims.join() !== b.dims.join() || !(layout.isBlocked(a) || layout.isBlocked(b))) return null;
  const [first, second] = [layout.blocked(a), layout.blocked(b)];
  const [images = 1, channels = 1, ...kernel] = first.shape;
  const maps = images * channels;
  const products = blockedConv(reshape(first, [1, maps, ...kernel]), reshape(second, [maps, 1, ...kernel]), {
    group: maps,
    block: layout.block,
  });
  return sumOver(reshape(products, [images, channels]), [0]);
}
