/** Building blocks shared by the auto-encoder and the denoiser. */
import {
  add,
  averagePool2d,
  mul,
  reshape,
  resizeNearest,
  silu,
  slice,
  transpose,
  type Value,
} from "oal-core";
import type { Context } from "../../nn/context.js";
import { zeros } from "../../nn/initialisers.js";
import { attentionLayer } from "../../nn/layers/attention.js";
import { convolutionLayer } from "../../nn/layers/convolution.js";
import { groupNormLayer } from "../../nn/layers/groupNorm.js";
import { linearLayer } from "../../nn/layers/linear.js";

/** Group normalisation with 8 groups, or the largest smaller number that divides the channels. */
export function normalise(context: Context, x: Value): Value {
  const channels = x.shape[1] ?? 1;
  let groups = Math.min(8, channels);
  while (channels % groups !== 0) groups--;
  return groupNormLayer(context, x, groups);
}

/** 3x3 convolution that keeps the size, or halves it with stride 2. */
export function convolve3(context: Context, x: Value, outputs: number, stride = 1): Value {
  return convolutionLayer(context, x, { outputs, kernel: 3, stride, padding: 1 });
}

/** Nearest upsampling by 2, then a 3x3 convolution. */
export function upsample(context: Context, x: Value, outputs: number): Value {
  return convolve3(context, resizeNearest(x, 2), outputs);
}

/**
 * Residual block: x + conv3(silu(norm(conv3(silu(norm(x)))))), the second norm scaled and shifted by the condition when
 * there is one: norm(h) (1 + scale) + shift. The last convolution starts at zero; a 1x1 convolution adapts the channels.
 *
 * @param x  float32 [N, C, H, W]
 * @param condition  float32 [N, E], or null
 */
export function residualBlock(
  context: Context,
  x: Value,
  outputs: number,
  condition: Value | null = null,
): Value {
  const batch = x.shape[0] ?? 1;
  let hidden = convolve3(context.child("conv1"), silu(normalise(context.child("norm1"), x)), outputs);
  hidden = normalise(context.child("norm2"), hidden);
  if (condition) {
    const modulation = reshape(linearLayer(context.child("modulation"), silu(condition), 2 * outputs), [
      batch,
      2 * outputs,
      1,
      1,
    ]);
    const scale = slice(modulation, [0], [outputs], [1]);
    const shift = slice(modulation, [outputs], [2 * outputs], [1]);
    hidden = add(mul(hidden, add(scale, 1)), shift);
  }
  hidden = convolutionLayer(context.child("conv2"), silu(hidden), {
    outputs,
    kernel: 3,
    padding: 1,
    init: zeros,
    biasInit: zeros,
  });
  const skip =
    x.shape[1] === outputs ? x : convolutionLayer(context.child("shortcut"), x, { outputs, kernel: 1 });
  return add(skip, hidden);
}

/** Side of the largest map whose pixels are all attended to. */
const attendedSide = 16;

/**
 * Self-attention over the pixels of a feature map, with a residual connection. Maps above 16x16 are attended to as means of
 * squares, at most 16 in either direction (as in PVT v2's linear attention), so that memory grows with the pixels and not with
 * their square.
 *
 * @param x  float32 [N, C, H, W]
 * @source Wang et al. 2022, "PVT v2", section 3.2 (for the means)
 */
export function pixelAttention(context: Context, x: Value, heads: number): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const normed = normalise(context.child("norm"), x);
  const step = Math.ceil(Math.max(height, width) / attendedSide);
  const attended = step === 1 ? undefined : tokensOf(averagePool2d(normed, { kernel: step }));
  const mixed = attentionLayer(context.child("attention"), tokensOf(normed), heads, attended);
  return add(x, reshape(transpose(mixed, [0, 2, 1]), [batch, channels, height, width]));
}

/** The pixels of [N, C, H, W] as rows, [N, H W, C]. */
function tokensOf(x: Value): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  return transpose(reshape(x, [batch, channels, height * width]), [0, 2, 1]);
}

/** Moves 2x2 neighbourhoods into channels: [N, C, H, W] to [N, 4C, H/2, W/2]. */
export function spaceToDepth(x: Value): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const split = reshape(x, [batch, channels, height / 2, 2, width / 2, 2]);
  return reshape(transpose(split, [0, 1, 3, 5, 2, 4]), [batch, channels * 4, height / 2, width / 2]);
}

/** The inverse of `spaceToDepth`: [N, 4C, H, W] to [N, C, 2H, 2W]. */
export function depthToSpace(x: Value): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const split = reshape(x, [batch, channels / 4, 2, 2, height, width]);
  return reshape(transpose(split, [0, 1, 4, 2, 5, 3]), [batch, channels / 4, height * 2, width * 2]);
}
