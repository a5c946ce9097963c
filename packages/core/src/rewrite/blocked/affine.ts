/** Linear forms by convolutions of one pixel with one channel a group, which are one pass over memory each. */
import { at } from "../../graph/ops/access.js";
import { channelAffine } from "../../graph/ops/blockedConv.js";
import { expand } from "../../graph/ops/expand.js";
import { pad } from "../../graph/ops/pad.js";
import { reshape } from "../../graph/ops/reshape.js";
import { float32Tensor } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import type { Builder, Extras } from "./builder.js";
import { formOf, type Vector } from "./forms.js";
import type { Layout } from "./layout.js";

/** A value with a linear form. The second term is the first one's summand. */
export function affineBuilder(value: Value, layout: Layout): Builder | null {
  const form = formOf(value, layout);
  const shape = layout.shapeOf(value);
  if (!form || !shape) return null;
  const channels = at(shape, 1);
  const [first, second] = form.terms;
  const [outer, inner] = second && first.factors === 1 ? [second, first] : [first, second];
  // Sums and copies need no factors.
  if (outer.factors === 1 && form.offsets === 0) return null;
  const made = (extras: Extras): Value =>
    affine(layout.blocked(outer.x), outer.factors, form.offsets, channels, extras, layout);
  if (!inner) return { room: "sum and activation", isCheap: true, build: made };
  const summand = (): Value => {
    const x = layout.blocked(inner.x);
    return inner.factors === 1 ? x : affine(x, inner.factors, 0, channels, {}, layout);
  };
  return {
    room: "activation",
    isCheap: inner.factors === 1,
    build: (extras) => made({ ...extras, sum: summand() }),
  };
}

/**
 * factors x + offsets, with extras. Where maps differ, every map is a channel of one image, which is the same memory.
 *
 * @param x blocked [N, C, H, W]
 * @param channels C without the zeros that fill blocks
 */
export function affine(
  x: Value,
  factors: Vector,
  offsets: Vector,
  channels: number,
  { sum, ...extras }: Extras,
  layout: Layout,
): Value {
  const [images = 1, whole = 1, ...size] = x.shape;
  const isOfMaps = [factors, offsets].some((operand) => typeof operand !== "number" && operand.rank === 2);
  const vectorOf = (operand: Vector, shape: readonly number[]): Value => {
    const vector = filled(operand, channels, layout);
    return reshape(!isOfMaps || vector.rank === 2 ? vector : expand(vector, [images, whole]), shape);
  };
  const count = isOfMaps ? images * whole : whole;
  const viewed = (value: Value): Value => (isOfMaps ? reshape(value, [1, images * whole, ...size]) : value);
  const result = channelAffine(viewed(x), vectorOf(factors, [count, 1, 1, 1]), {
    ...extras,
    sum: sum ? viewed(sum) : null,
    bias: offsets === 0 ? null : vectorOf(offsets, [count]),
    block: layout.block,
  });
  return isOfMaps ? reshape(result, x.shape) : result;
}

/** A vector of channels, or rows of them, with zeros up to whole blocks. */
function filled(operand: Vector, channels: number, layout: Layout): Value {
  const whole = layout.whole(channels);
  if (typeof operand === "number") {
    const numbers = new Float32Array(whole).fill(operand, 0, channels);
    return layout.target.constant(float32Tensor([whole], numbers));
  }
  return pad(operand, operand.rank === 1 ? [0, whole - channels] : [0, 0, 0, whole - channels]);
}
