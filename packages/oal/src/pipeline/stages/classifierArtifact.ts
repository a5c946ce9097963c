/** A trained classifier on disk: weights for resuming (safetensors), a description, and the ONNX model. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exposeTaps, oalError, verifyGraph, writeModel } from "oal-core";
import { z } from "zod";
import { parametersUnder, type ParameterStore } from "../../nn/parameters.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import { networkPrefix } from "../../training/loss.js";
import { buildClassifier, type ClassifierModel } from "../../training/model.js";
import { writeError } from "../systemError.js";
import { writeFileWhole } from "../../runtime/writeFile.js";

const triple = z.tuple([z.number(), z.number(), z.number()]);
const descriptionSchema = z.object({
  network: z.object({
    id: z.string(),
    options: z.object({
      classes: z.number(),
      imageSize: z.number(),
      width: z.number().optional(),
      widths: z.array(z.number()).optional(),
      blocks: z.number().optional(),
    }),
    heads: z.array(z.object({ method: z.string(), settings: z.record(z.string(), z.unknown()) })).default([]),
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
  onnx: "model.onnx",
} as const;

/**
 * Takes what a training left (all its tensors) and writes the classifier: its own parameters, its description, and
 * model.onnx (uint8 images [batch, 3, S, S] in; logits and features out; any batch size).
 */
export async function saveClassifier(
  folder: string,
  trained: ParameterStore,
  model: Omit<SavedClassifier, "parameters">,
): Promise<void> {
  const parameters = parametersUnder(trained, networkPrefix);
  await writeSafetensors(join(folder, classifierFiles.parameters), parameters);
  const bytes = exportClassifier({ ...model, parameters });
  try {
    await writeFileWhole(join(folder, classifierFiles.onnx), bytes);
    await writeFileWhole(
      join(folder, classifierFiles.description),
      JSON.stringify(
        { network: model.network, normalisation: model.normalisation, classNames: model.classNames },
        null,
        2,
      ),
    );
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** The bytes of a classifier with a free batch axis. */
export function exportClassifier(model: SavedClassifier): Uint8Array {
  const options = {
    name: "classifier",
    batchSymbol: "batch",
    metadata: { classNames: JSON.stringify(model.classNames) },
  };
  const [one, two] = [1, 2].map((batch) => {
    const graph = exposeTaps(buildClassifier(model, batch), ["logits", "features"]);
    verifyGraph(graph);
    return writeModel(graph, options);
  });
  // A model may only get a free batch axis if nothing inside depends on its size.
  if (!one || !two || Buffer.compare(one, two) !== 0) {
    throw oalError("OAL-X101", { problem: `the graph of ${model.network.id} depends on the batch size` });
  }
  return one;
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
  const { width, widths, blocks, ...sizes } = description.network.options;
  const options = {
    ...sizes,
    ...(width === undefined ? {} : { width }),
    ...(widths === undefined ? {} : { widths }),
    ...(blocks === undefined ? {} : { blocks }),
  };
  const { id, heads } = description.network;
  const network = { id, options, ...(heads.length === 0 ? {} : { heads }) };
  return { ...description, network, parameters: tensors };
}
