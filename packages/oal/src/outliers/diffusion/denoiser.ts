/**
 * The conditional denoiser of METHOD 4.4: a U-Net of two levels on 4x8x8 latents, conditioned on time and on a teacher
 * embedding through scale and shift in every residual block, with a learned null vector for guidance without a condition.
 */
import { add, concat, div, mul, reduceMean, reduceSum, reshape, silu, sqrt, sub, type Value } from "oal-core";
import { z } from "zod";
import { choice, whole } from "../../fields.js";
import type { Context } from "../../nn/context.js";
import { normal, zeros } from "../../nn/initialisers.js";
import { convolutionLayer } from "../../nn/layers/convolution.js";
import { timeEmbedding } from "../../nn/layers/timeEmbedding.js";
import { linearLayer } from "../../nn/layers/linear.js";
import type { LossTerms } from "../../training/task.js";
import type { PredictionType } from "../samplers/drive.js";
import { meanOfAll } from "./autoEncoder.js";
import { convolve3, normalise, pixelAttention, residualBlock, upsample } from "./blocks.js";

/** Attention heads. */
const heads = 4;

/** Options of the denoiser. */
export const denoiserSchema = z.strictObject({
  channels: whole(32, 16, 1024, "channels at 8x8, twice as many at 4x4; a multiple of 16"),
  blocks: whole(1, 1, 8, "residual blocks per level and direction (METHOD: 2)"),
  target: choice(["v", "epsilon"], "v", "what the network predicts: v = √ᾱ e - √(1-ᾱ) x0, or the noise e"),
});

/** Every option. */
export type DenoiserOptions = z.output<typeof denoiserSchema>;

/** What a network of these options predicts, as diffusers call it. */
export function predictionOf({ target }: Pick<DenoiserOptions, "target">): PredictionType {
  return target === "v" ? "v_prediction" : "epsilon";
}

/**
 * States the denoiser is conditioned on: the embedding's direction times √D, or the learned null vector where dropped.
 *
 * @param context  parameters go under `condition`
 * @param embedding  float32 [N, D], of any norm above 0 (a dropped row may be 0)
 * @param drop  float32 [N], 1 = without condition
 * @returns float32 [N, 1, D]
 */
export function encodeCondition(context: Context, embedding: Value, drop: Value): Value {
  const [batch = 1, dimension = 1] = embedding.shape;
  const empty = context.child("condition").parameter("null", [1, dimension], normal(1), { decay: false });
  const norm = sqrt(add(reduceSum(mul(embedding, embedding), [1], true), 1e-12));
  const scaled = mul(div(embedding, norm), Math.sqrt(dimension));
  const dropped = reshape(drop, [batch, 1]);
  return reshape(add(scaled, mul(dropped, sub(empty, scaled))), [batch, 1, dimension]);
}

/**
 * Predicts v (or the noise) in noisy latents.
 *
 * @param context  parameters go under `unet`
 * @param latents  float32 [N, C, h, w], sides even
 * @param time  float32 [N], timesteps
 * @param states  float32 [N, tokens, D] of `encodeCondition`; tokens are averaged
 */
export function denoise(
  context: Context,
  latents: Value,
  time: Value,
  states: Value,
  options: Omit<DenoiserOptions, "target">,
): Value {
  const { channels, blocks } = options;
  const part = context.child("unet");
  const width = 4 * channels;
  const multilayer = (name: string, x: Value): Value =>
    linearLayer(part.child(name).child("1"), silu(linearLayer(part.child(name).child("0"), x, width)), width);
  const condition = add(
    silu(multilayer("time", timeEmbedding(time, 64))),
    multilayer("states", reduceMean(states, [1])),
  );

  let x = convolve3(part.child("input"), latents, channels);
  for (let i = 0; i < blocks; i++) x = residualBlock(part.child(`down.${i}`), x, channels, condition);
  const skip = x;
  x = convolve3(part.child("shrink"), x, 2 * channels, 2);
  for (let i = 0; i < blocks; i++) {
    x = residualBlock(part.child(`middle.${i}`), x, 2 * channels, condition);
    if (i === 0) x = pixelAttention(part.child("middleAttention"), x, heads);
  }
  x = concat([upsample(part.child("grow"), x, channels), skip], 1);
  for (let i = 0; i < blocks; i++) {
    x = residualBlock(part.child(`up.${i}`), x, channels, condition);
    if (i === 0) x = pixelAttention(part.child("upAttention"), x, heads);
  }
  const outputs = latents.shape[1] ?? 4;
  const last = silu(normalise(part.child("norm"), x));
  return convolutionLayer(part.child("output"), last, {
    outputs,
    kernel: 3,
    padding: 1,
    init: zeros,
    biasInit: zeros,
  });
}

/** Random and given arrays of one denoiser batch, as graph inputs. */
export interface DenoiserBatch {
  /** Scaled latents, float32 [N, C, h, w]. */
  readonly latents: Value;
  /** Embeddings, float32 [N, D]. */
  readonly condition: Value;
  /** 1 where the condition is left out, float32 [N]. */
  readonly drop: Value;
  /** Timesteps, float32 [N], and ᾱ at them, float32 [N]. */
  readonly time: Value;
  readonly alphaBar: Value;
  /** Standard normal, shaped as the latents. */
  readonly noise: Value;
}

/**
 * mean((target - prediction)²) at x = √ᾱ x0 + √(1-ᾱ) e, target v or e.
 *
 * @returns the term `denoising`; 1 is the level of predicting zero for standardised latents
 */
export function denoiserLoss(context: Context, batch: DenoiserBatch, options: DenoiserOptions): LossTerms {
  const rows = batch.alphaBar.shape[0] ?? 1;
  const signal = reshape(sqrt(batch.alphaBar), [rows, 1, 1, 1]);
  const spread = reshape(sqrt(sub(1, batch.alphaBar)), [rows, 1, 1, 1]);
  const noisy = add(mul(signal, batch.latents), mul(spread, batch.noise));
  const states = encodeCondition(context, batch.condition, batch.drop);
  const predicted = denoise(context, noisy, batch.time, states, options);
  const velocity = options.target === "v";
  const target = velocity ? sub(mul(signal, batch.noise), mul(spread, batch.latents)) : batch.noise;
  const difference = sub(target, predicted);
  const denoising = meanOfAll(mul(difference, difference));
  return { total: denoising, terms: { denoising } };
}
