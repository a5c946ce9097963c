/** The models of others that a run takes: loaded before anything is made, so that what does not fit is told first. */
import { oalError, type OalError } from "oal-core";
import { collecting } from "../data/problems.js";
import { isHubName } from "../hub/name.js";
import { hubSnapshot } from "../hub/snapshot.js";
import type { LoadedModel } from "../models/load.js";
import { pictureSizeOf } from "../models/pictureSize.js";
import { isWeightsFile } from "../models/weightsModel.js";
import { openPromptedDiffusion, type PromptedDiffusion } from "../outliers/stableDiffusion/open.js";
import {
  readSuppliedEmbeddings,
  readSuppliedLatents,
  type SuppliedEmbeddings,
  type SuppliedLatents,
} from "../outliers/supplied.js";
import { teacherModelOf } from "./configuration/initSection.js";
import type { Configuration } from "./configuration/schema.js";
import type { Needs } from "./foresight.js";
import { loadModel } from "./loadModel.js";

/** Models by what they are for. */
export interface RunModels {
  /** What students start from. */
  readonly init?: LoadedModel;
  /** What teaches. */
  readonly teacher?: LoadedModel;
  /** What outliers are made with. */
  readonly diffusion?: PromptedDiffusion;
  /** Outliers that were made elsewhere. */
  readonly latents?: SuppliedLatents;
  readonly embeddings?: SuppliedEmbeddings;
}

/** Which models a run opens, and everything that decides what is opened. Paths, and names of the hub. */
export interface WantedModels {
  readonly init?: {
    readonly path: string;
    readonly hints: { readonly logits?: string; readonly features?: string };
    /** Height and width of the run's pictures. */
    readonly size: number;
  };
  readonly teacher?: string;
  readonly latents?: string;
  readonly embeddings?: string;
  readonly diffusion?: { readonly path: string; readonly size?: number };
}

/**
 * The models that a configuration names and a run of it uses.
 *
 * @param needs what of them will be used
 */
export function wantedModels(
  config: Configuration,
  needs: Pick<Needs, "teacher" | "diffusion" | "boundary" | "outliers">,
): WantedModels {
  const { init, data, synthesis, boundary } = config;
  const { logits, features } = init;
  const hints = {
    ...(logits === undefined ? {} : { logits }),
    ...(features === undefined ? {} : { features }),
  };
  const teacher = teacherModelOf(config);
  const { latents, model, size } = synthesis;
  const { outliers } = boundary;
  return {
    // not where students need it alone: the data of a run are prepared as it wants them
    ...(init.model !== undefined ? { init: { path: init.model, hints, size: data.size } } : {}),
    ...(teacher !== undefined && needs.teacher ? { teacher } : {}),
    ...(latents !== undefined && needs.outliers ? { latents } : {}),
    ...(outliers !== undefined && needs.boundary ? { embeddings: outliers } : {}),
    ...(model !== undefined && needs.diffusion
      ? { diffusion: { path: model, ...(size === undefined ? {} : { size }) } }
      : {}),
  };
}

/**
 * Loads models.
 *
 * @param problems receives what does not fit
 */
export async function openModels(
  { init, teacher, latents, embeddings, diffusion }: WantedModels,
  problems: OalError[],
): Promise<RunModels> {
  const models: { -readonly [kind in keyof RunModels]: RunModels[kind] } = {};
  if (init) {
    const { path, hints, size } = init;
    // A model for pictures of any size gets those of the run, and so does a network of ours that weights are read into.
    const sized = pictureSizeOf(path) === undefined || isWeightsFile(path) ? { size } : {};
    const model = await collecting(problems, () => loadModel(path, { hints, ...sized }));
    if (model) {
      const { crop } = model.preprocessing;
      if (crop !== size) {
        const problem = `the model takes pictures of ${crop} x ${crop} pixels, data.size is ${size}`;
        problems.push(oalError("OAL-C211", { at: "init.model", problem }));
      }
      models.init = model;
    }
  }
  if (teacher !== undefined) {
    const model = await collecting(problems, () => loadModel(teacher));
    if (model) models.teacher = model;
  }
  if (latents !== undefined) {
    const read = await collecting(problems, () => readSuppliedLatents(latents));
    if (read) models.latents = read;
  }
  if (embeddings !== undefined) {
    const read = await collecting(problems, () => readSuppliedEmbeddings(embeddings));
    if (read) models.embeddings = read;
  }
  if (diffusion) {
    const { path, ...sized } = diffusion;
    const folder = isHubName(path) ? () => hubSnapshot(path) : () => path;
    const open = () => openPromptedDiffusion(folder(), { path, ...sized });
    const model = await collecting(problems, open);
    if (model) models.diffusion = model;
  }
  return models;
}
