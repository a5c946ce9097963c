/** Opens a latent diffusion model from a folder in the Hugging Face / Optimum ONNX layout; see folder.ts. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  float32Data,
  float32Tensor,
  oalError,
  sizeOf,
  type Engine,
  type Session,
  type Tensor,
} from "oal-core";
import { z } from "zod";
import { noiseSchedule } from "../samplers/schedule.js";
import { encodePictures, inBatches, padded } from "./batches.js";
import type { LatentDiffusion } from "./model.js";

const unetSchema = z.object({
  sample_size: z.number().int().positive(),
  in_channels: z.number().int().positive(),
  cross_attention_dim: z.number().int().positive(),
  batch: z.number().int().positive(),
});
const decoderSchema = z.object({
  sample_size: z.number().int().positive(),
  scaling_factor: z.number().positive(),
  batch: z.number().int().positive(),
});
const conditionSchema = z.object({
  embedding_dim: z.number().int().positive(),
  tokens: z.number().int().positive(),
  batch: z.number().int().positive(),
});
const schedulerSchema = z.object({
  beta_start: z.number(),
  beta_end: z.number(),
  beta_schedule: z.literal("scaled_linear"),
  num_train_timesteps: z.number().int(),
  prediction_type: z.enum(["epsilon", "v_prediction"]),
});

/**
 * Opens a model folder.
 *
 * @throws OAL-D101 when it is not there, OAL-I103 when a file is missing or damaged, OAL-R101 when a model is refused
 */
export async function openDiffusionFolder(engine: Engine, folder: string): Promise<LatentDiffusion> {
  if (!existsSync(join(folder, "model_index.json")))
    throw oalError("OAL-D101", { path: join(folder, "model_index.json") });
  const unet = await readConfig(folder, "unet/config.json", unetSchema);
  const vae = await readConfig(folder, "vae_decoder/config.json", decoderSchema);
  const condition = await readConfig(folder, "condition_encoder/config.json", conditionSchema);
  const scheduler = await readConfig(folder, "scheduler/scheduler_config.json", schedulerSchema);
  const sessions = new Map<string, Session>();
  for (const part of ["vae_encoder", "vae_decoder", "unet", "condition_encoder"]) {
    const path = join(folder, part, "model.onnx");
    if (!existsSync(path)) throw oalError("OAL-I103", { path, problem: "missing" });
    sessions.set(part, await engine.open(path));
  }
  const latentShape = [unet.in_channels, unet.sample_size, unet.sample_size] as const;
  const imageShape = [3, vae.sample_size, vae.sample_size] as const;
  const stateShape = [condition.tokens, unet.cross_attention_dim] as const;
  const run = async (part: string, feeds: Record<string, Tensor>, output: string): Promise<Tensor> => {
    const results = await sessions.get(part)?.run(feeds);
    const tensor = results?.[output];
    if (!tensor)
      throw oalError("OAL-I103", {
        path: join(folder, part, "model.onnx"),
        problem: `has no output "${output}"`,
      });
    return tensor;
  };
  return {
    latentShape,
    imageSize: vae.sample_size,
    embeddingDimension: condition.embedding_dim,
    stateShape,
    latentScale: vae.scaling_factor,
    schedule: noiseSchedule({
      betaStart: scheduler.beta_start,
      betaEnd: scheduler.beta_end,
      timesteps: scheduler.num_train_timesteps,
    }),
    prediction: scheduler.prediction_type,
    denoiserBatch: unet.batch,
    encode: (pixels, count) =>
      encodePictures(
        {
          batch: vae.batch,
          imageShape,
          latentShape,
          run: (sample) => run("vae_encoder", { sample }, "latent_parameters"),
        },
        count,
        (begin, rows) => pixels.subarray(begin * sizeOf(imageShape), (begin + rows) * sizeOf(imageShape)),
      ),
    decode: async (latents, count) => {
      const pixels = new Uint8Array(count * sizeOf(imageShape));
      await inBatches(count, vae.batch, async (begin, rows) => {
        const values = padded(latents, begin, rows, vae.batch, sizeOf(latentShape)).map(
          (v) => v / vae.scaling_factor,
        );
        const sample = float32Data(
          await run(
            "vae_decoder",
            { latent_sample: float32Tensor([vae.batch, ...latentShape], values) },
            "sample",
          ),
        );
        for (let i = 0; i < rows * sizeOf(imageShape); i++) {
          pixels[begin * sizeOf(imageShape) + i] = Math.min(
            255,
            Math.max(0, Math.round(127.5 * ((sample[i] ?? 0) + 1))),
          );
        }
      });
      return pixels;
    },
    condition: async (embeddings, count) => {
      const { embedding_dim: dimension, batch } = condition;
      const states = new Float32Array(count * sizeOf(stateShape));
      const drop = float32Tensor([batch], new Float32Array(batch).fill(embeddings ? 0 : 1));
      await inBatches(count, batch, async (begin, rows) => {
        const given = embeddings
          ? padded(embeddings, begin, rows, batch, dimension)
          : new Float32Array(batch * dimension);
        const feeds = { embedding: float32Tensor([batch, dimension], given), drop };
        const values = float32Data(await run("condition_encoder", feeds, "encoder_hidden_states"));
        states.set(values.subarray(0, rows * sizeOf(stateShape)), begin * sizeOf(stateShape));
      });
      return states;
    },
    predict: (latents, time, states) =>
      run(
        "unet",
        {
          sample: float32Tensor([unet.batch, ...latentShape], latents),
          timestep: float32Tensor([1], [time]),
          encoder_hidden_states: float32Tensor([unet.batch, ...stateShape], states),
        },
        "out_sample",
      ),
    release: async () => {
      for (const session of sessions.values()) await session.release();
    },
  };
}

async function readConfig<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(folder, name);
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw oalError(
      "OAL-I103",
      { path, problem: cause instanceof Error ? cause.message : String(cause) },
      cause,
    );
  }
}
