/** What the store knows of the artifacts that an artifact was made of. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  artifactFolderName,
  manifestName,
  parseManifest,
  type Artifact,
  type ArtifactManifest,
} from "../artifact.js";

/**
 * The record of an input of an artifact, which lies beside it in the store; its files are not verified.
 *
 * @param stage the stage that the input is of; it has the role of that name
 * @returns null where the artifact has no such input, or the store has it no more
 */
export async function inputRecord(
  { folder, manifest }: Artifact,
  stage: string,
): Promise<ArtifactManifest | null> {
  const key = manifest.inputs[stage];
  if (key === undefined) return null;
  const path = join(dirname(folder), artifactFolderName(stage, key), manifestName);
  const record = parseManifest(await readFile(path, "utf8").catch(() => ""));
  return record?.key === key ? record : null;
}
