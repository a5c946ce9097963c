/** The model that is exported: a bundle, wherever it lies. */
import { readdirSync, statSync } from "node:fs";
import { isOalError, oalError } from "oal-core";
import { readBundle } from "../../bundle/index.js";
import type { BundleFacts } from "../../bundle/facts.js";
import { OnnxProblem, readOnnxMetadata } from "../../bundle/onnxMetadata.js";
import { fittedModelIn } from "../../fitting/folder.js";
import { modelFileOf } from "../openModel.js";

/** A bundle to export. */
export interface ExportSource {
  /** Its file. */
  readonly path: string;
  readonly facts: BundleFacts;
  /** The run folder that it was found in; null for a file, and for what `oal fit` wrote. */
  readonly run: string | null;
}

/** What lies in the folder of someone else's model. */
const ofHub = /^config\.json$|\.(onnx|safetensors)$/;

/**
 * Finds and reads a bundle.
 *
 * @param path a run folder (its deciding model), a model file, or a folder that `oal fit` wrote
 * @throws OAL-I160 for a model of someone else, which has no decision; the errors of `fittedModelIn`, `modelFileOf` and `readBundle`
 */
export async function exportSource(path: string): Promise<ExportSource> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw oalError("OAL-D101", { path });
  if (!found.isDirectory()) return { path, facts: await bundleFacts(path), run: null };
  const fitted = fittedModelIn(path);
  if (fitted !== null) return { path: fitted, facts: await bundleFacts(fitted), run: null };
  const names = readdirSync(path);
  if (!names.includes("run.json") && names.some((name) => name === "onnx" || ofHub.test(name)))
    throw oalError("OAL-I160", { path });
  const file = await modelFileOf(path);
  return { path: file, facts: await bundleFacts(file), run: path };
}

async function bundleFacts(path: string): Promise<BundleFacts> {
  try {
    return await readBundle(path);
  } catch (error) {
    if (isOalError(error, "OAL-I143") && (await isModel(path))) throw oalError("OAL-I160", { path }, error);
    throw error;
  }
}

async function isModel(path: string): Promise<boolean> {
  try {
    await readOnnxMetadata(path);
    return true;
  } catch (error) {
    if (error instanceof OnnxProblem) return false;
    throw error;
  }
}
