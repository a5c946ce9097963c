/** A trained classifier on disk: weights (safetensors) and a description. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { parametersUnder, type ParameterStore } from "../../nn/parameters.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import { networkPrefix } from "../../training/network.js";
import type { ClassifierModel } from "../../training/model.js";
import { copyImported, loadImported } from "./imported.js";
import { writeError } from "../../runtime/systemError.js";
import { writeFileWhole } from "../../runtime/writeFile.js";

const triple = z.tuple([z.number(), z.number(), z.number()]);
const descriptionSchema = z.object({
  network: z.object({
    id: z.string(),
    options: z.looseObject({ classes: z.number(), imageSize: z.number() }),
    heads: z.array(z.object({ method: z.string(), settings: z.record(z.string(), z.unknown()) })).default([]),
    /** Whether the network was read from a file, which then lies in the artifact. */
    imported: z.boolean().default(false),
  }),
  normalisation: z.object({ mean: triple, std: triple }),
  classNames: z.array(z.string()),
});

/** A classifier with the names of its classes. */
export interface SavedClassifier extends ClassifierModel {
  readonly classNames: readonly string[];
}

/** File names inside the artifact. */
export const classifierFiles = {
  parameters: "parameters.safetensors",
  description: "model.json",
} as const;

/**
 * Takes what a training left (all its tensors) and writes the classifier: its own parameters, and its description.
 *
 * @param importedFrom the artifact that the network was read from, where it was
 */
export async function saveClassifier(
  folder: string,
  trained: ParameterStore,
  model: Omit<SavedClassifier, "parameters">,
  importedFrom?: string,
): Promise<void> {
  const parameters = parametersUnder(trained, networkPrefix);
  await writeSafetensors(join(folder, classifierFiles.parameters), parameters);
  const { imported, ...choice } = model.network;
  const network = imported ? { ...choice, imported: true } : choice;
  try {
    if (importedFrom !== undefined && importedFrom !== folder) await copyImported(importedFrom, folder);
    await writeFileWhole(
      join(folder, classifierFiles.description),
      JSON.stringify({ network, normalisation: model.normalisation, classNames: model.classNames }, null, 2),
    );
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Reads a classifier. Throws OAL-I103 when a file is damaged. */
export async function loadClassifier(folder: string): Promise<SavedClassifier> {
  const path = join(folder, classifierFiles.description);
  let description: z.infer<typeof descriptionSchema>;
  try {
    description = descriptionSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw oalError(
      "OAL-I103",
      { path, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
  const { tensors } = await readSafetensors(join(folder, classifierFiles.parameters));
  const { id, options, heads } = description.network;
  const imported = description.network.imported ? await loadImported(folder) : undefined;
  const network = {
    id,
    options,
    ...(heads.length === 0 ? {} : { heads }),
    ...(imported ? { imported } : {}),
  };
  // what was not trained is as it was read
  return {
    ...description,
    network,
    parameters: imported ? new Map([...imported.first, ...tensors]) : tensors,
  };
}
