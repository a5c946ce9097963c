/**
 * Sums over the pixels of maps, and over all images: means of maps, which the engine computes fastest, and of products without
 * computing the product, as a convolution of every map with the other as its kernel (ENGINE 18).
 */
import { at, inputOf } from "../../graph/ops/access.js";
import { blockedConv } from "../../graph/ops/blockedConv.js";
import { blockedGlobalAveragePool } from "../../graph/ops/blockedPools.js";
import { Mul, mul } from "../../graph/ops/mul.js";
import { reshape } from "../../graph/ops/reshape.js";
import { slice } from "../../graph/ops/slice.js";
import { channelSums, mapSums, sumOver } from "../../graph/ops/sums.js";
import { sizeOf } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import type { Layout, Rule } from "./layout.js";

/** Sums over all images and pixels of a channel. */
export const channelSum: Rule = ({ outputs: [output] }, layout) => {
  const parts = output && channelSums.partsOf(output);
  const sums = parts && sumsOfMaps(parts.x, layout);
  if (!sums) return false;
  const channels = at(output.shape, 0);
  const total = sumOver(sums, [0]);
  layout.keepPlain(output, channels === at(total.shape, 0) ? total : slice(total, [0], [channels]));
  return true;
};

/** Sums over the pixels of every map. */
export const mapSum: Rule = ({ outputs: [output] }, layout) => {
  const parts = output && mapSums.partsOf(output);
  const sums = parts && sumsOfMaps(parts.x, layout);
  if (!sums) return false;
  const channels = at(output.shape, 1);
  layout.keepPlain(output, channels === at(sums.shape, 1) ? sums : slice(sums, [0], [channels], [1]));
  return true;
};

function sumsOfMaps(x: Value, layout: Layout): Value | null {
  if (x.rank !== 4) return null;
  const factors = factorsOf(x, layout);
  if (factors?.some((factor) => layout.isBlocked(factor))) {
    const [a, b] = [layout.blocked(factors[0]), layout.blocked(factors[1])];
    return productSums(a, b, layout);
  }
  if (!layout.isBlocked(x)) return null;
  const blocked = layout.blocked(x);
  return mul(mapMeans(blocked, layout), sizeOf(blocked.shape.slice(2)));
}

/** The factors of a product of images that nothing else reads. */
export function factorsOf(x: Value, layout: Layout): readonly [Value, Value] | null {
  const { node } = x;
  if (node?.operator !== Mul || !layout.shapeOf(x) || layout.readers(x) > 1) return null;
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const areImages = layout.shapeOf(a)?.join() === layout.shapeOf(b)?.join() && layout.shapeOf(a) !== null;
  return areImages && a.dims.join() === b.dims.join() ? [a, b] : null;
}

/** Means of the maps of a blocked value: [N, C]. */
export function mapMeans(x: Value, { block }: Layout): Value {
  return reshape(blockedGlobalAveragePool(x, block), x.shape.slice(0, 2));
}

/** Sums over the maps of the product of two blocked values, [N, C]: every map of one is the kernel of the other's. */
export function productSums(a: Value, b: Value, { block }: Layout): Value {
  const [images = 1, channels = 1, ...kernel] = a.shape;
  const maps = images * channels;
  const products = blockedConv(reshape(a, [1, maps, ...kernel]), reshape(b, [maps, 1, ...kernel]), {
    group: maps,
    block,
  });
  return reshape(products, [images, channels]);
}
