/** Loading any model by its path: a foreign ONNX file, a bundle, the folder of a hub's model, or a run. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadModelFile, type LoadedModel, type LoadModelOptions } from "../models/load.js";
import { modelFileOf } from "./openModel.js";

/** Loads a model of anyone; see `loadModel` of the library. */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const isRun =
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && existsSync(join(path, "run.json"));
  if (!isRun) return loadModelFile(path, options);
  return { ...(await loadModelFile(await modelFileOf(path), options)), kind: "run" };
}
