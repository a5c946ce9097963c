/**
 * The KL-regularised auto-encoder of METHOD 4.4: pictures 3x32x32 to latents 4x8x8 and back, a factor of four per side at
 * any size. One definition for training and export; the loss is a graph function of pictures and noise.
 */
import { abs, add, clip, exp, mul, oalError, reduceMean, silu, slice, sub, type Value } from "oal-core";
import { z } from "zod";
import { flag, real, whole } from "../../fields.js";
import type { Context } from "../../nn/context.js";
import type { LossTerms } from "../../training/task.js";
import { convolve3, depthToSpace, normalise, residualBlock, spaceToDepth, upsample } from "./blocks.js";

/** Channels of a latent. */
export const latentChannels = 4;

/** Options of the auto-encoder. */
export const autoEncoderSchema = z.strictObject({
  width: whole(16, 8, 256, "channels of the first level (then 2 and 4 times as many); a multiple of 8"),
  fullResolution: flag(
    false,
    "a stage at the images' own resolution; without it 2x2 pixels enter as channels, three times quicker",
  ),
  klWeight: real(1e-3, 0, 10, "weight of the divergence from the unit normal"),
});

/** Every option. */
export type AutoEncoderOptions = Omit<z.output<typeof autoEncoderSchema>, "klWeight">;

/** Gaussian over latents, as graph values [N, C, H/4, W/4]. */
export interface LatentDistribution {
  readonly mean: Value;
  readonly logVariance: Value;
}

/**
 * Encodes pictures.
 *
 * @param context  parameters go under `encoder`
 * @param images  float32 [N, 3, H, W] in [-1, 1], sides divisible by 4
 */
export function encode(context: Context, images: Value, options: AutoEncoderOptions): LatentDistribution {
  const { width, fullResolution } = options;
  const [, , height = 0, side = 0] = images.shape;
  if (height % 4 !== 0 || side % 4 !== 0) {
    const problem = `sides must be divisible by 4, found ${height}x${side}`;
    throw oalError("OAL-G101", { operator: "auto-encoder", path: context.graph.path, problem });
  }
  const part = context.child("encoder");
  let x: Value;
  if (fullResolution) {
    x = residualBlock(part.child("block1"), convolve3(part.child("input"), images, width), width);
    x = convolve3(part.child("down1"), x, 2 * width, 2);
  } else {
    x = convolve3(part.child("input"), spaceToDepth(images), 2 * width);
  }
  x = convolve3(part.child("down2"), residualBlock(part.child("block2"), x, 2 * width), 4 * width, 2);
  x = residualBlock(part.child("block3"), x, 4 * width);
  const moments = convolve3(part.child("output"), silu(normalise(part.child("norm"), x)), 2 * latentChannels);
  const mean = slice(moments, [0], [latentChannels], [1]);
  const logVariance = clip(slice(moments, [latentChannels], [2 * latentChannels], [1]), -30, 20);
  return { mean, logVariance };
}

/**
 * Decodes latents (unscaled).
 *
 * @param context  parameters go under `decoder`
 * @param latents  float32 [N, C, h, w]
 * @returns float32 [N, 3, 4h, 4w], about [-1, 1], not limited
 */
export function decode(context: Context, latents: Value, options: AutoEncoderOptions): Value {
  const { width, fullResolution } = options;
  const part = context.child("decoder");
  let x = residualBlock(part.child("block3"), convolve3(part.child("input"), latents, 4 * width), 4 * width);
  x = residualBlock(part.child("block2"), upsample(part.child("up2"), x, 2 * width), 2 * width);
  if (fullResolution) x = residualBlock(part.child("block1"), upsample(part.child("up1"), x, width), width);
  x = silu(normalise(part.child("norm"), x));
  const output = part.child("output");
  return fullResolution ? convolve3(output, x, 3) : depthToSpace(convolve3(output, x, 12));
}

/**
 * mean|x - x̂| + klWeight * mean over latent values of ½(m² + v - 1 - ln v), with x̂ decoded from m + √v noise.
 *
 * @param images  float32 [N, 3, H, W] in [-1, 1]
 * @param noise  float32 [N, C, H/4, W/4], standard normal
 * @returns terms `reconstruction` (units of the images) and `kl` (nats per latent value)
 */
export function autoEncoderLoss(
  context: Context,
  images: Value,
  noise: Value,
  options: z.output<typeof autoEncoderSchema>,
): LossTerms {
  const { mean, logVariance } = encode(context, images, options);
  const latents = add(mean, mul(exp(mul(logVariance, 0.5)), noise));
  const reconstruction = meanOfAll(abs(sub(images, decode(context, latents, options))));
  const divergence = sub(add(mul(mean, mean), exp(logVariance)), add(logVariance, 1));
  const kl = mul(meanOfAll(divergence), 0.5);
  return { total: add(reconstruction, mul(kl, options.klWeight)), terms: { reconstruction, kl } };
}

/** The mean over every element, a scalar. */
export function meanOfAll(value: Value): Value {
  return reduceMean(
    value,
    value.shape.map((_, axis) => axis),
  );
}
