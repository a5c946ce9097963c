/** What an evaluation leaves: its files, and typed readers of them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError, type Tensor } from "oal-core";
import type { EvaluationResult } from "../../evaluation/result.js";
import { resultsFromJson } from "../../evaluation/resultForm.js";
import { readSafetensors } from "../../nn/safetensors.js";
import type { Artifact } from "../artifact.js";

/** Files of an evaluation artifact. */
export const evaluationFiles = {
  results: "results.json",
  /** The same metrics on validation ID and validation OOD images: what settings may be chosen by. */
  validation: "validation.json",
  scores: "scores",
  /** Banks that are too large for memory, in files of rows. */
  banks: "banks",
  /** A sample of penultimate features per set, for the map. */
  features: "features.safetensors",
  /** Folder of the model file, which is called after its student; copied as it is into the run folder. */
  models: "models",
} as const;

/** The result an evaluation artifact holds. @throws OAL-I103 when the file is damaged */
export function readResult(artifact: Artifact): Promise<EvaluationResult> {
  return readResultFile(artifact, evaluationFiles.results);
}

/** What a student reached on validation images, from an artifact of the stages evaluation or validation. @throws as `readResult` */
export function readValidation(artifact: Artifact): Promise<EvaluationResult> {
  return readResultFile(artifact, evaluationFiles.validation);
}

async function readResultFile(artifact: Artifact, file: string): Promise<EvaluationResult> {
  const path = join(artifact.folder, file);
  const [result] = resultsFromJson(await readFile(path, "utf8"));
  if (result === undefined) throw oalError("OAL-I103", { path, problem: "it holds no result" });
  return result;
}

/** The feature sample of an evaluation artifact, by set. */
export async function readFeatureSample(artifact: Artifact): Promise<ReadonlyMap<string, Tensor>> {
  return (await readSafetensors(join(artifact.folder, evaluationFiles.features))).tensors;
}
