/** Factors and offsets of channels: batch normalisation, and products and sums with vectors of channels. */
import { at, inputOf } from "../../graph/ops/access.js";
import { Add, add } from "../../graph/ops/add.js";
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
import type { Node, Operand, Value } from "../../graph/value.js";
import type { Builder } from "./builder.js";
import type { Layout } from "./layout.js";

/** factors x + offsets, per channel. */
interface Affine {
  readonly x: Value;
  /** [C] of the copy, or one number for all. */
  readonly factors: Operand;
  readonly offsets: Operand;
}

/** A value that is an affine function of the channels of a value in blocks. */
export function affineBuilder(value: Value, layout: Layout): Builder | null {
  const affine = affineOf(value, layout);
  if (!affine) return null;
  return {
    room: "sum and activation",
    isCheap: true,
    build: (extras) => {
      const channels = at(value.shape, 1);
      return channelAffine(layout.blocked(affine.x), asVector(affine.factors, channels, layout), {
        ...extras,
        bias: affine.offsets === 0 ? null : asVector(affine.offsets, channels, layout),
        block: layout.block,
      });
    },
  };
}

function asVector(operand: Operand, channels: number, layout: Layout): Value {
  if (typeof operand !== "number") return layout.vector(operand);
  return layout.target.constant(
    float32Tensor(
      [layout.whole(channels)],
      new Float32Array(layout.whole(channels)).fill(operand, 0, channels),
    ),
  );
}

/** An affine function of an affine function that nothing else reads is one of what that one is of. */
function affineOf(value: Value, layout: Layout): Affine | null {
  const { node } = value;
  const shape = layout.shapeOf(value);
  if (!node || !shape) return null;
  const outer = normalisation(node, layout) ?? withVector(node, at(shape, 1), layout);
  if (!outer) return null;
  const inner = layout.readers(outer.x) === 1 ? affineOf(outer.x, layout) : null;
  if (!inner) return layout.isBlocked(outer.x) ? outer : null;
  return {
    x: inner.x,
    factors: product(outer.factors, inner.factors),
    offsets: total(product(outer.factors, inner.offsets), outer.offsets),
  };
}

function product(a: Operand, b: Operand): Operand {
  if (typeof a === "number" && typeof b === "number") return a * b;
  return a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : mul(a, b);
}

function total(a: Operand, b: Operand): Operand {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return a === 0 ? b : b === 0 ? a : add(a, b);
}

/** (x - mean) / sqrt(variance + epsilon) * scale + bias. */
function normalisation(node: Node, layout: Layout): Affine | null {
  if (node.operator !== BatchNormalization && node.operator !== BatchNormalizationOfBatch) return null;
  const x = inputOf(node, 0);
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

/** x v, x + v and x - v, where v is [C, 1, 1] or [1, C, 1, 1], or a constant number. */
function withVector(node: Node, channels: number, layout: Layout): Affine | null {
  if (node.operator !== Mul && node.operator !== Add && node.operator !== Sub) return null;
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const isSwapped = node.operator !== Sub && isOfChannels(a, channels);
  const [x, vector] = isSwapped ? [b, a] : [a, b];
  if (!isOfChannels(vector, channels)) return null;
  const number = vector.constant?.data.length === 1 ? Number(vector.constant.data[0]) : null;
  const operand = number ?? reshape(layout.plain(vector), [channels]);
  if (node.operator === Mul) return { x, factors: operand, offsets: 0 };
  if (node.operator === Add) return { x, factors: 1, offsets: operand };
  return { x, factors: 1, offsets: typeof operand === "number" ? -operand : neg(operand) };
}

function isOfChannels(value: Value, channels: number): boolean {
  if (value.constant?.data.length === 1) return true;
  const sizes = value.knownType?.shape.join() ?? "";
  return channels > 1 && (sizes === `${channels},1,1` || sizes === `1,${channels},1,1`);
}
