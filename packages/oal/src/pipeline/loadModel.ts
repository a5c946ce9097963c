/** Loading any model by its path: a foreign ONNX file, a bundle, the folder of a hub's model, of a fit, or a run. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fittedModelIn } from "../fitting/folder.js";
import { loadModelFile, type LoadedModel, type LoadModelOptions } from "../models/load.js";
import { modelFileOf } from "./openModel.js";

/** Loads a model of anyone; see `loadModel` of the library. */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return loadModelFile(path, options);
  const fitted = fittedModelIn(path);
  if (fitted !== null) return loadModelFile(fitted, options);
  if (!existsSync(join(path, "run.json"))) return loadModelFile(path, options);
  return { ...(await loadModelFile(await modelFileOf(path), options)), kind: "run" };
}

/** ImageNet's models are measured on the centre of a picture, 87.5 % of its shorter side. */
const centreShare = 0.875;

/** A model with the pictures that `oal fit` shows it. */
export interface ModelToFit {
  readonly model: LoadedModel;
  /** Whether how they are cut is assumed, because nothing says it. */
  readonly isCutAssumed: boolean;
}

/**
 * Loads a model as `oal fit` takes it: a foreign one of which nothing says how pictures are cut sees their centre, as ImageNet's models
 * do. A run shows such a model whole pictures, because its students do see them.
 */
export async function loadToFit(path: string, given: LoadModelOptions): Promise<ModelToFit> {
  const model = await loadModel(path, given);
  const { crop, resize } = model.preprocessing;
  if (model.kind !== "foreign" || model.cut !== "unsaid" || resize !== crop)
    return { model, isCutAssumed: false };
  const centred = await loadModel(path, { ...given, resize: Math.round(crop / centreShare) });
  return { model: centred, isCutAssumed: true };
}
