/** A network that was read, as a part of an artifact: the model's graph as ONNX with its taps as outputs, its head and its plan. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError, type Taps, type Value } from "oal-core";
import { z } from "zod";
import { importedNetwork, type ImportedNetwork, type ImportedParts } from "../../nn/imported/index.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import { readModelFile, writeModelFile } from "../../runtime/modelFile.js";
import { stored } from "../sideSources/stored.js";

/** The folder inside an artifact. */
const importedFolder = "imported";
const files = { model: "network.onnx", description: "network.json", head: "head.safetensors" } as const;

const descriptionSchema = z.strictObject({
  /** What the model is called. */
  name: z.string(),
  /** Whether a head of ours gives the logits. */
  head: z.boolean(),
  plan: z.strictObject({
    frozen: z.string().nullable(),
    batchNorm: z.enum(["keep", "adapt"]),
    rate: z.number(),
    layerDecay: z.number(),
  }),
});

/** What the outputs of the file are called, by tap. */
const [outputPrefix, mapPrefix] = ["tap.", "tap.maps."];

/**
 * Writes a network that was read; of its graph what leads to the features and, without a head of ours, the logits.
 *
 * @param artifact the artifact's folder
 * @param parts `taps` belong to a graph without outputs, which gets them
 * @throws the system's errors (ENOSPC, ...)
 */
export async function saveImported(
  artifact: string,
  { name, taps, head, plan }: ImportedParts,
): Promise<void> {
  const folder = join(artifact, importedFolder);
  const { graph } = taps.images;
  const kept: Readonly<Record<string, Value | undefined>> = {
    input: taps.input,
    features: taps.features,
    ...(head ? {} : { logits: taps.logits }),
    ...Object.fromEntries([...taps.maps].map(([map, value]) => [`maps.${map}`, value])),
  };
  for (const [tap, value] of Object.entries(kept)) if (value) graph.output(`${outputPrefix}${tap}`, value);
  await mkdir(folder, { recursive: true });
  await writeModelFile(join(folder, files.model), graph);
  const description: z.infer<typeof descriptionSchema> = { name, head: head !== null, plan };
  await writeFile(join(folder, files.description), JSON.stringify(description, null, 2));
  if (head) await writeSafetensors(join(folder, files.head), new Map(Object.entries(head)));
}

/** Takes the network of one artifact into another, which shall not depend on the first. */
export async function copyImported(from: string, to: string): Promise<void> {
  await mkdir(join(to, importedFolder), { recursive: true });
  const { head } = await readDescription(from);
  for (const name of [files.model, files.description, ...(head ? [files.head] : [])])
    await copyFile(join(from, importedFolder, name), join(to, importedFolder, name));
}

/** The network of an artifact. @throws OAL-I103 when a file is damaged */
export async function loadImported(artifact: string): Promise<ImportedNetwork> {
  const folder = join(artifact, importedFolder);
  const { name, head, plan } = await readDescription(artifact);
  const path = join(folder, files.model);
  const { graph, values } = await readModelFile(path);
  const tap = (name: string): Value | undefined => values.get(`${outputPrefix}${name}`);
  const [images] = graph.inputs;
  const [input, features] = [tap("input"), tap("features")];
  const logits = tap("logits") ?? features;
  if (!images || !input || !logits) throw oalError("OAL-I103", { path, problem: "its taps are missing" });
  const maps = [...graph.outputs.keys()].filter((output) => output.startsWith(mapPrefix));
  const taps: Taps = {
    images,
    input,
    logits,
    ...(features ? { features } : {}),
    maps: new Map(
      maps.flatMap((output) => {
        const value = values.get(output);
        return value ? [[output.slice(mapPrefix.length), value] as const] : [];
      }),
    ),
  };
  if (!head) return importedNetwork({ name, taps, head: null, plan });
  const { tensors } = await readSafetensors(join(folder, files.head));
  return importedNetwork({
    name,
    taps,
    plan,
    head: { weight: stored(tensors, "weight"), bias: stored(tensors, "bias") },
  });
}

async function readDescription(artifact: string): Promise<z.infer<typeof descriptionSchema>> {
  const path = join(artifact, importedFolder, files.description);
  try {
    return descriptionSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw oalError(
      "OAL-I103",
      { path, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}
