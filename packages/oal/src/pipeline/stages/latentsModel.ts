/** What outliers are made with: the run's own small diffusion model, or Stable Diffusion with the prompts of its classes. */
import { join } from "node:path";
import type { EmbeddingBank } from "../../outliers/boundary/sample.js";
import { mapFeatures } from "../../outliers/alignment.js";
import { normaliseRows } from "../../outliers/boundary/distances.js";
import { openDiffusionFolder } from "../../outliers/diffusion/folder.js";
import type { LatentDiffusion } from "../../outliers/diffusion/model.js";
import { promptConditioner } from "../../outliers/stableDiffusion/conditioner.js";
import { namePlace } from "../../outliers/stableDiffusion/prompts.js";
import type { Configuration } from "../configuration/schema.js";
import type { StageJob } from "../plan/stage.js";
import { promptsOf } from "../prompts.js";
import { alignmentStage, isAligned, promptedOf, readAlignment, readSampledBank } from "./alignment.js";
import { diffusionFolder, diffusionStage } from "./diffusion.js";

/** A model with the embeddings that it was made for. */
export interface LatentsModel {
  readonly model: LatentDiffusion;
  /** The embeddings that outliers were sampled around. */
  readonly bank: EmbeddingBank & {
    readonly labels: Int32Array;
    /** Training pictures of its rows. */
    readonly rows: readonly number[];
  };
  /** The teacher's features [N, D] in the space of the bank. */
  readonly inSpace: (features: Float32Array) => Promise<Float32Array>;
}

/** The artifacts that it is made of, by role. */
export function modelInputs(config: Configuration): Readonly<Record<string, string>> {
  if (config.synthesis.model === undefined) return { diffusion: diffusionStage.id };
  return isAligned(config) ? { alignment: alignmentStage.id } : {};
}

/** Opens it. @throws those of a diffusion folder, of prompts, and of damaged artifacts */
export async function openLatentsModel(job: StageJob): Promise<LatentsModel> {
  const { config, data, engine, input, optionalInput, events } = job;
  const aligned = optionalInput("alignment");
  const bank = {
    ...(await readSampledBank(input("embeddings"), aligned)),
    classes: data.classNames.length,
  };
  const map = aligned && (await readAlignment(aligned));
  const inSpace: LatentsModel["inSpace"] = async (features) =>
    map ? mapFeatures(engine, map, features) : features;
  if (config.synthesis.model === undefined) {
    const model = await openDiffusionFolder(engine, join(input("diffusion").folder, diffusionFolder));
    return { model, bank, inSpace };
  }
  const prompted = promptedOf(job.models.diffusion);
  const { layout, tokenizer, table } = prompted;
  const prompts = promptsOf(config, prompted, data.classNames);
  const { prompt, names: given, size } = config.synthesis;
  const numbered = data.classNames.filter((name) => /^\d+$/.test(given[name] ?? name));
  if (numbered.length > 0 && config.data.source !== "embedded")
    events.warning(
      `prompts call classes by numbers, as "${prompt.replace(namePlace, numbered[0] ?? "")}": say in words what they show, with synthesis.names`,
    );
  const lacking = data.classNames.filter((_, label) => prompts[label]?.places.length === 0);
  if (lacking.length > 0)
    events.warning(
      `fixes.r06 is off: the prompts of ${lacking.length} of ${prompts.length} classes do not hold their word, and their outliers are ordinary pictures of the prompt`,
    );
  const { stateWidth } = layout;
  const model = await openDiffusionFolder(engine, layout.folder, {
    conditioner: promptConditioner(engine, {
      path: layout.condition.path,
      tokenizer,
      table,
      prompts,
      lengths: config.fixes.r02 ? "token" : "own",
      ...(stateWidth === undefined ? {} : { stateWidth }),
    }),
    ...(size === undefined ? {} : { size }),
  });
  if (config.fixes.r02) return { model, bank, inSpace };
  const { unit } = normaliseRows(bank.embeddings, bank.dimension);
  const asOutliers = unit.map((value) => value * config.boundary.scale);
  return { model, bank: { ...bank, embeddings: asOutliers }, inSpace };
}
