/** Factors and offsets of channels: batch normalisation, and products and sums with vectors of channels. */
import { at, inputOf } from "../../graph/ops/access.js";
import { Add } from "../../graph/ops/add.js";
import { add } from "../../graph/ops/add.js";
import { BatchNormalization, BatchNormalizationOfBatch } from "../../graph/ops/batchNormalization.js";
import { channelAffine } from "../../graph/ops/blockedConv.js";
import { Mul, mul } from "../../graph/ops/mul.js";
import { neg } from "../../graph/ops/neg.js";
import { reciprocal } from "../../graph/ops/reciprocal.js";
import { reshape } from "../../graph/ops/reshape.js";
import { sqrt } from "../../graph/ops/sqrt.js";
import { Sub, sub } from "../../graph/ops/sub.js";
import { float } from "../../graph/operator.js";
import { float32Tensor } from "../../graph/tensor.js";
import type { Node, Value } from "../../graph/value.js";
import type { Builder } from "./builder.js";
import type { Layout } from "./layout.js";

/** factors x + offsets, per channel. */
interface Affine {
  readonly x: Value;
  /** [C] of the copy. */
  readonly factors: Value;
  readonly offsets: Value | null;
}

/** A value that is an affine function of the channels of a value in blocks. */
export function affineBuilder(value: Value, layout: Layout): Builder | null {
  const { node } = value;
  const shape = layout.shapeOf(value);
  if (!node || !shape) return null;
  const affine = normalisation(node, layout) ?? withVector(node, at(shape, 1), layout);
  if (!affine) return null;
  return {
    room: "sum and activation",
    isCheap: true,
    build: (extras) =>
      channelAffine(layout.blocked(affine.x), layout.vector(affine.factors), {
        ...extras,
        bias: affine.offsets && layout.vector(affine.offsets),
        block: layout.block,
      }),
  };
}

/** (x - mean) / sqrt(variance + epsilon) * scale + bias. */
function normalisation(node: Node, layout: Layout): Affine | null {
  if (node.operator !== BatchNormalization && node.operator !== BatchNormalizationOfBatch) return null;
  const x = inputOf(node, 0);
  if (!layout.isBlocked(x)) return null;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => inputOf(node, index));
  if (!scale || !bias || !mean || !variance) return null;
  const epsilon = float(node.attributes, "epsilon", 1e-5);
  // Gradients are written as a normalisation with mean 0 and variance 1.
  const isUnit = isAll(mean, 0) && isAll(variance, 1) && epsilon === 0;
  if (isUnit) return { x, factors: layout.plain(scale), offsets: layout.plain(bias) };
  const factors = mul(layout.plain(scale), reciprocal(sqrt(add(layout.plain(variance), epsilon))));
  return { x, factors, offsets: sub(layout.plain(bias), mul(layout.plain(mean), factors)) };
}

function isAll(vector: Value, number: number): boolean {
  return vector.constant?.data.every((element: number | bigint) => Number(element) === number) ?? false;
}

/** x v, x + v and x - v, where v is [C, 1, 1] or [1, C, 1, 1]. */
function withVector(node: Node, channels: number, layout: Layout): Affine | null {
  if (node.operator !== Mul && node.operator !== Add && node.operator !== Sub) return null;
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const isSwapped = isOfChannels(a, channels) && node.operator !== Sub;
  const [x, vector] = isSwapped ? [b, a] : [a, b];
  if (!isOfChannels(vector, channels) || !layout.isBlocked(x)) return null;
  const flat = reshape(layout.plain(vector), [channels]);
  if (node.operator === Mul) return { x, factors: flat, offsets: null };
  const ones = layout.target.constant(float32Tensor([channels], new Float32Array(channels).fill(1)));
  return { x, factors: ones, offsets: node.operator === Add ? flat : neg(flat) };
}

function isOfChannels(value: Value, channels: number): boolean {
  const sizes = value.knownType?.shape.join() ?? "";
  return channels > 1 && (sizes === `${channels},1,1` || sizes === `1,${channels},1,1`);
}
