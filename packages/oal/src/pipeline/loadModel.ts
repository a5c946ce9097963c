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
