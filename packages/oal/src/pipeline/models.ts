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

/**
 * Loads the models of a configuration.
 *
 * @param needs what of them will be used
 * @param problems receives what does not fit
 */
export async function openModels(
  config: Configuration,
  needs: Pick<Needs, "teacher" | "student" | "diffusion" | "boundary" | "outliers">,
  problems: OalError[],
): Promise<RunModels> {
  const { init } = config;
  const models: { -readonly [kind in keyof RunModels]: RunModels[kind] } = {};
  if (init.model !== undefined && needs.student) {
    const path = init.model;
    const hints = {
      ...(init.logits === undefined ? {} : { logits: init.logits }),
      ...(init.features === undefined ? {} : { features: init.features }),
    };
    // A model for pictures of any size gets those of the run, and so does a network of ours that weights are read into.
    const size = pictureSizeOf(path) === undefined || isWeightsFile(path) ? { size: config.data.size } : {};
    const model = await collecting(problems, () => loadModel(path, { hints, ...size }));
    if (model) {
      const { crop } = model.preprocessing;
      if (crop !== config.data.size) {
        const problem = `the model takes pictures of ${crop} x ${crop} pixels, data.size is ${config.data.size}`;
        problems.push(oalError("OAL-C211", { at: "init.model", problem }));
      }
      models.init = model;
    }
  }
  const path = teacherModelOf(config);
  if (path !== undefined && needs.teacher) {
    const model = await collecting(problems, () => loadModel(path));
    if (model) models.teacher = model;
  }
  const { latents } = config.synthesis;
  if (latents !== undefined && needs.outliers) {
    const read = await collecting(problems, () => readSuppliedLatents(latents));
    if (read) models.latents = read;
  }
  const { outliers } = config.boundary;
  if (outliers !== undefined && needs.boundary) {
    const read = await collecting(problems, () => readSuppliedEmbeddings(outliers));
    if (read) models.embeddings = read;
  }
  const { model: prompted, size } = config.synthesis;
  if (prompted !== undefined && needs.diffusion) {
    const folder = isHubName(prompted) ? () => hubSnapshot(prompted) : () => prompted;
    const sized = size === undefined ? {} : { size };
    const open = () => openPromptedDiffusion(folder(), { path: prompted, ...sized });
    const model = await collecting(problems, open);
    if (model) models.diffusion = model;
  }
  return models;
}
