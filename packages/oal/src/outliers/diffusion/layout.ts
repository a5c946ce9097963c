/**
 * The layout of a diffusion model's folder: which parts and configurations it holds, as diffusers, Optimum, Olive and onnx-community
 * write them, and why a folder is not taken.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import type { PredictionType } from "../samplers/drive.js";
import { noiseSchedule, type NoiseSchedule } from "../samplers/schedule.js";

const count = z.number().int().positive();
const unetSchema = z.object({
  in_channels: count.optional(),
  out_channels: count.optional(),
  sample_size: count.optional(),
  cross_attention_dim: z.union([count, z.array(count)]).optional(),
  addition_embed_type: z.string().nullish(),
  /** Rows of one call; only models of ours say it. */
  batch: count.optional(),
});
const decoderSchema = z.object({
  scaling_factor: z.number().positive().optional(),
  block_out_channels: z.array(count).optional(),
  sample_size: count.optional(),
  batch: count.optional(),
});
const conditionSchema = z.object({ embedding_dim: count, tokens: count, batch: count });
const textSchema = z.object({ hidden_size: count.optional(), max_position_embeddings: count.optional() });
const schedulerSchema = z.object({
  _class_name: z.string().optional(),
  beta_start: z.number().optional(),
  beta_end: z.number().optional(),
  beta_schedule: z.string().optional(),
  num_train_timesteps: count.optional(),
  prediction_type: z.string().optional(),
  trained_betas: z.array(z.number()).nullish(),
  rescale_betas_zero_snr: z.boolean().nullish(),
});

/** The latent scale of Stable Diffusion's auto-encoder, for folders that do not say it. */
const usualScale = 0.18215;
/** Pixels of a picture per number of a latent, in each direction, for folders that do not say it. */
const usualReduction = 8;
/** Height and width of Stable Diffusion 1's latents, for folders that do not say it. */
const usualSide = 64;

/** Schedulers of models that were trained with noise of 1000 levels given by betas; how they step is nothing to us. */
const knownSchedulers: readonly string[] = [
  "DDIMScheduler",
  "DDPMScheduler",
  "DEISMultistepScheduler",
  "DPMSolverMultistepScheduler",
  "DPMSolverSinglestepScheduler",
  "EulerAncestralDiscreteScheduler",
  "EulerDiscreteScheduler",
  "HeunDiscreteScheduler",
  "KDPM2AncestralDiscreteScheduler",
  "KDPM2DiscreteScheduler",
  "LMSDiscreteScheduler",
  "PNDMScheduler",
  "UniPCMultistepScheduler",
];
const knownPredictions: readonly PredictionType[] = ["epsilon", "v_prediction"];
const knownBetas = ["scaled_linear", "linear"] as const;

/** What conditions the denoiser. */
export type ConditionPart =
  | {
      readonly kind: "embedding";
      readonly path: string;
      readonly embeddingDimension: number;
      readonly tokens: number;
      readonly batch: number;
    }
  | {
      readonly kind: "text";
      readonly path: string;
      /** The tokenizer's folder. */
      readonly tokenizer: string;
      /** Length of a token's embedding, where the folder says it. */
      readonly width?: number;
    };

/** What a folder says of its model. */
export interface DiffusionLayout {
  readonly folder: string;
  /** Paths of the models. */
  readonly unet: string;
  readonly vaeDecoder: string;
  /** Absent where there is none: pictures are never encoded to make outliers. */
  readonly vaeEncoder?: string;
  readonly condition: ConditionPart;
  /** [channels, height, width] of a latent. */
  readonly latentShape: readonly [number, number, number];
  /** Height and width of the pictures, in pixels. */
  readonly imageSize: number;
  readonly latentScale: number;
  readonly schedule: NoiseSchedule;
  readonly prediction: PredictionType;
  /** Width of the states that the denoiser takes, where the folder says it. */
  readonly stateWidth?: number;
  /** Rows of one call of the denoiser and of the auto-encoder. */
  readonly rows: { readonly denoiser: number; readonly autoEncoder: number };
}

/**
 * Reads what a folder says; no model is opened.
 *
 * @param size height and width of the pictures, in pixels. Default: what the model was trained for
 * @throws OAL-D101 when there is no folder, OAL-D171 for a file that is missing, OAL-I103 for a damaged one, OAL-D177 for a model of
 *   another family, OAL-D178 for noise or a prediction that is not known, OAL-C202 for a size that the model does not have
 */
export async function readLayout(folder: string, size?: number): Promise<DiffusionLayout> {
  if (!existsSync(folder)) throw oalError("OAL-D101", { path: folder, what: "the diffusion model" });
  if (!statSync(folder).isDirectory())
    throw oalError("OAL-D172", {
      path: folder,
      problem: "it is a file, and the folder of the whole model is wanted",
    });
  refuseOthers(folder, await indexOf(folder));
  const unet = model(folder, "unet", "the denoiser");
  const vaeDecoder = model(folder, "vae_decoder", "the decoder of latents");
  const encoder = join(folder, "vae_encoder", "model.onnx");
  const schedulerPath = join(folder, "scheduler", "scheduler_config.json");
  if (!existsSync(schedulerPath))
    throw oalError("OAL-D171", { path: schedulerPath, what: "the noise that the denoiser was trained with" });
  const noise = noiseOf(await config(schedulerPath, schedulerSchema), schedulerPath);
  const denoiser = await optionalConfig(join(folder, "unet", "config.json"), unetSchema);
  const vae = await optionalConfig(join(folder, "vae_decoder", "config.json"), decoderSchema);
  const { in_channels: channels = 4, out_channels: out = channels, addition_embed_type: more } = denoiser;
  if (channels !== out)
    throw oalError("OAL-D177", {
      path: folder,
      found: `a denoiser that takes ${channels} channels for ${out}`,
    });
  if (more !== undefined && more !== null) throw xl(folder);
  const side = denoiser.sample_size ?? usualSide;
  const reduction = vae.block_out_channels
    ? 2 ** (vae.block_out_channels.length - 1)
    : denoiser.sample_size !== undefined && vae.sample_size !== undefined && vae.batch !== undefined
      ? vae.sample_size / denoiser.sample_size
      : usualReduction;
  const wanted = size === undefined ? side : size / reduction;
  if (!Number.isInteger(wanted))
    throw oalError("OAL-C202", {
      at: "synthesis.size",
      where: "configuration",
      problem: `must be a multiple of ${reduction}, the model's pixels per number of a latent`,
    });
  const width = denoiser.cross_attention_dim;
  const stateWidth = typeof width === "number" ? width : width?.[0];
  const rows = Math.max(1, Math.min(16, Math.floor(4096 / wanted ** 2)));
  return {
    folder,
    unet,
    vaeDecoder,
    ...(existsSync(encoder) ? { vaeEncoder: encoder } : {}),
    condition: await conditionOf(folder),
    latentShape: [channels, wanted, wanted],
    imageSize: wanted * reduction,
    latentScale: vae.scaling_factor ?? usualScale,
    ...noise,
    ...(stateWidth === undefined ? {} : { stateWidth }),
    rows: { denoiser: denoiser.batch ?? 2 * rows, autoEncoder: vae.batch ?? rows },
  };
}

function model(folder: string, part: string, what: string): string {
  const path = join(folder, part, "model.onnx");
  if (existsSync(path)) return path;
  const inside = join(folder, part);
  const others = existsSync(inside) ? readdirSync(inside) : [];
  if (others.some((name) => /\.(safetensors|bin)$/.test(name)))
    throw oalError("OAL-D177", { path: folder, found: `weights for PyTorch (${part}), and no ONNX` });
  const below = readdirSync(folder).filter((name) => existsSync(join(folder, name, part, "model.onnx")));
  const near = others.find((name) => name.endsWith(".onnx")) ?? below.map((name) => join(name, part))[0];
  throw oalError("OAL-D171", { path, what, ...(near === undefined ? {} : { near }) });
}

async function conditionOf(folder: string): Promise<ConditionPart> {
  const own = join(folder, "condition_encoder");
  if (existsSync(own)) {
    const read = await config(join(own, "config.json"), conditionSchema);
    const path = model(folder, "condition_encoder", "what turns embeddings into states");
    return { kind: "embedding", path, embeddingDimension: read.embedding_dim, ...read };
  }
  const path = model(folder, "text_encoder", "what turns prompts into states");
  const text = await optionalConfig(join(folder, "text_encoder", "config.json"), textSchema);
  const tokenizer = join(folder, "tokenizer");
  if (!existsSync(tokenizer))
    throw oalError("OAL-D171", { path: tokenizer, what: "the tokenizer of the prompts" });
  return {
    kind: "text",
    path,
    tokenizer,
    ...(text.hidden_size === undefined ? {} : { width: text.hidden_size }),
  };
}

/** The class that model_index.json names. */
async function indexOf(folder: string): Promise<string> {
  const path = join(folder, "model_index.json");
  const index = await optionalConfig(path, z.object({ _class_name: z.string().optional() }));
  return index._class_name ?? "";
}

function refuseOthers(folder: string, pipeline: string): void {
  if (/XL/.test(pipeline) || existsSync(join(folder, "text_encoder_2"))) throw xl(folder);
  if (existsSync(join(folder, "transformer")))
    throw oalError("OAL-D177", { path: folder, found: `a transformer in place of a U-Net (${pipeline})` });
  if (/Inpaint|InstructPix2Pix|Upscale|ControlNet|LatentConsistency/.test(pipeline))
    throw oalError("OAL-D177", { path: folder, found: pipeline });
}

function xl(folder: string): Error {
  return oalError("OAL-D177", { path: folder, found: "Stable Diffusion XL, which has two text encoders" });
}

function noiseOf(
  given: z.infer<typeof schedulerSchema>,
  path: string,
): { readonly schedule: NoiseSchedule; readonly prediction: PredictionType } {
  const refuse = (key: string, found: string, known: readonly string[]): never => {
    throw oalError("OAL-D178", { path, key, found, known });
  };
  const { _class_name: name, prediction_type: wanted = "epsilon", beta_schedule: betas = "linear" } = given;
  if (name !== undefined && !knownSchedulers.includes(name)) refuse("_class_name", name, knownSchedulers);
  const prediction =
    knownPredictions.find((known) => known === wanted) ?? refuse("prediction_type", wanted, knownPredictions);
  const form = knownBetas.find((known) => known === betas) ?? refuse("beta_schedule", betas, knownBetas);
  if (given.trained_betas) refuse("trained_betas", "a list", ["null"]);
  if (given.rescale_betas_zero_snr === true) refuse("rescale_betas_zero_snr", "true", ["false"]);
  const {
    beta_start: betaStart = 0.0001,
    beta_end: betaEnd = 0.02,
    num_train_timesteps: timesteps = 1000,
  } = given;
  return { schedule: noiseSchedule({ betaStart, betaEnd, timesteps, form }), prediction };
}

async function optionalConfig<T>(path: string, schema: z.ZodType<T>): Promise<Partial<T>> {
  return existsSync(path) ? config(path, schema) : {};
}

async function config<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw oalError("OAL-D171", { path, what: "a part's configuration" }, cause);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw oalError("OAL-I103", { path, problem }, cause);
  }
}
