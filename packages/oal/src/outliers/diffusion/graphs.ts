/** The trained auto-encoder and denoiser as the four graphs of a model folder, weights inside. */
import { Graph, concat, expand, type Tensor, type TensorType } from "oal-core";
import { EvaluationContext } from "../../nn/context.js";
import { passRows } from "../../runtime/passRows.js";
import { decode, encode, type AutoEncoderOptions, latentChannels } from "./autoEncoder.js";
import { denoise, encodeCondition, type DenoiserOptions } from "./denoiser.js";
import type { DiffusionGraphs } from "./folder.js";

/** Shapes and parameters of a trained model. */
export interface TrainedDiffusion {
  /** Parameters of `autoEncoderTask` and `denoiserTask` by name. */
  readonly autoEncoder: ReadonlyMap<string, Tensor>;
  readonly denoiser: ReadonlyMap<string, Tensor>;
  readonly autoEncoderOptions: AutoEncoderOptions;
  readonly denoiserOptions: Omit<DenoiserOptions, "target">;
  /** Height and width of the pictures, in pixels. */
  readonly imageSize: number;
  readonly embeddingDimension: number;
  /** Rows per call of every graph, even. Default 64 for pictures of 32 pixels, fewer for larger ones, at least 2. */
  readonly batch?: number;
}

/** Rows per call of a model of this picture size; even, because guidance runs every latent with and without its condition. */
export function diffusionRows(imageSize: number): number {
  return 2 * Math.max(1, passRows(64, imageSize) >> 1);
}

/** Builds the graphs. */
export function diffusionGraphs(trained: TrainedDiffusion): DiffusionGraphs {
  const { imageSize, embeddingDimension, batch = diffusionRows(imageSize), autoEncoder, denoiser } = trained;
  const latentShape = [batch, latentChannels, imageSize / 4, imageSize / 4];
  const float = (shape: readonly number[]): TensorType => ({ dtype: "float32", shape });
  const vaeEncoder = new Graph();
  const images = vaeEncoder.input("sample", float([batch, 3, imageSize, imageSize]));
  const moments = encode(new EvaluationContext(vaeEncoder, autoEncoder), images, trained.autoEncoderOptions);
  vaeEncoder.output("latent_parameters", concat([moments.mean, moments.logVariance], 1));

  const vaeDecoder = new Graph();
  const latents = vaeDecoder.input("latent_sample", float(latentShape));
  vaeDecoder.output(
    "sample",
    decode(new EvaluationContext(vaeDecoder, autoEncoder), latents, trained.autoEncoderOptions),
  );

  const unet = new Graph();
  const noisy = unet.input("sample", float(latentShape));
  const time = unet.input("timestep", float([1]));
  const states = unet.input("encoder_hidden_states", float([batch, 1, embeddingDimension]));
  const context = new EvaluationContext(unet, denoiser);
  unet.output("out_sample", denoise(context, noisy, expand(time, [batch]), states, trained.denoiserOptions));

  const conditionEncoder = new Graph();
  const embedding = conditionEncoder.input("embedding", float([batch, embeddingDimension]));
  const drop = conditionEncoder.input("drop", float([batch]));
  conditionEncoder.output(
    "encoder_hidden_states",
    encodeCondition(new EvaluationContext(conditionEncoder, denoiser), embedding, drop),
  );
  return { vaeEncoder, vaeDecoder, unet, conditionEncoder };
}
