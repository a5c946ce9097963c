/**
 * Writes a latent diffusion model as a folder in the Hugging Face / Optimum ONNX layout: model_index.json, vae_encoder,
 * vae_decoder, unet, condition_encoder (in the place of Stable Diffusion's text_encoder) and scheduler.
 */
import { join } from "node:path";
import { Graph, oalError, verifyGraph } from "oal-core";
import type { PredictionType } from "../samplers/drive.js";
import type { NoiseSchedule } from "../samplers/schedule.js";
import { writeFileWhole } from "../../runtime/writeFile.js";
import { writeModelFile } from "../../runtime/modelFile.js";
import { makeFolder } from "../../runtime/makeFolder.js";

export { openDiffusionFolder } from "./openFolder.js";

/** The four graphs of a model; names of inputs and outputs as in Optimum's exports. */
export interface DiffusionGraphs {
  /** `sample` [B, 3, H, W] in [-1, 1] to `latent_parameters` [B, 2C, h, w] (means, log variances). */
  readonly vaeEncoder: Graph;
  /** `latent_sample` [B, C, h, w] (unscaled) to `sample` [B, 3, H, W]. */
  readonly vaeDecoder: Graph;
  /** `sample` [B, C, h, w], `timestep` [1], `encoder_hidden_states` [B, tokens, width] to `out_sample`. */
  readonly unet: Graph;
  /** `embedding` [B, D], `drop` [B] (1 = unconditional) to `encoder_hidden_states`. */
  readonly conditionEncoder: Graph;
}

/** What a folder says besides its graphs. */
export interface DiffusionSettings {
  readonly latentScale: number;
  readonly schedule: NoiseSchedule;
  readonly prediction: PredictionType;
}

/**
 * Writes a model folder; every file appears whole or not at all.
 *
 * @throws OAL-I101 when a file cannot be written
 */
export async function saveDiffusionFolder(
  folder: string,
  graphs: DiffusionGraphs,
  settings: DiffusionSettings,
): Promise<void> {
  const image = inputShape(graphs.vaeEncoder, "sample");
  const latent = inputShape(graphs.unet, "sample");
  const states = inputShape(graphs.unet, "encoder_hidden_states");
  const embedding = inputShape(graphs.conditionEncoder, "embedding");
  const batch = image[0] ?? 1;
  const { schedule, prediction, latentScale } = settings;
  const file = (part: string, name: string, content: object): Promise<void> =>
    write(folder, part, name, content);
  await file(".", "model_index.json", {
    _class_name: "OalLatentDiffusionPipeline",
    vae_encoder: ["oal", "OnnxModel"],
    vae_decoder: ["oal", "OnnxModel"],
    unet: ["oal", "OnnxModel"],
    condition_encoder: ["oal", "OnnxModel"],
    scheduler: ["diffusers", "DPMSolverMultistepScheduler"],
  });
  await file("scheduler", "scheduler_config.json", {
    _class_name: "DPMSolverMultistepScheduler",
    beta_start: schedule.betaStart,
    beta_end: schedule.betaEnd,
    beta_schedule: "scaled_linear",
    num_train_timesteps: schedule.betas.length,
    prediction_type: prediction,
    steps_offset: 1,
    timestep_spacing: "leading",
    algorithm_type: "dpmsolver++",
    solver_order: 2,
  });
  const vae = { sample_size: image[2], latent_channels: latent[1], scaling_factor: latentScale, batch };
  const unet = {
    sample_size: latent[2],
    in_channels: latent[1],
    cross_attention_dim: states[2],
    batch: latent[0],
  };
  const parts: readonly (readonly [string, Graph, object])[] = [
    ["vae_encoder", graphs.vaeEncoder, vae],
    ["vae_decoder", graphs.vaeDecoder, vae],
    ["unet", graphs.unet, unet],
    [
      "condition_encoder",
      graphs.conditionEncoder,
      { embedding_dim: embedding[1], tokens: states[1], batch: embedding[0] },
    ],
  ];
  for (const [part, graph, config] of parts) {
    verifyGraph(graph);
    await file(part, "model.onnx", graph);
    await file(part, "config.json", config);
  }
}

async function write(folder: string, part: string, name: string, content: object): Promise<void> {
  const path = join(folder, part, name);
  try {
    await makeFolder(join(folder, part));
    if (content instanceof Graph) await writeModelFile(path, content, { name: part });
    else await writeFileWhole(path, JSON.stringify(content, null, 2) + "\n");
  } catch (cause) {
    throw oalError(
      "OAL-I101",
      { path, problem: cause instanceof Error ? cause.message : String(cause) },
      cause,
    );
  }
}

function inputShape(graph: Graph, name: string): readonly number[] {
  const found = graph.inputs.find((input) => input.name === name);
  if (!found) throw oalError("OAL-X101", { problem: `a diffusion graph has no input "${name}"` });
  return found.shape;
}
