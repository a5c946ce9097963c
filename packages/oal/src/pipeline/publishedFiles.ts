/** Whether a run folder still shows what its run left. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile, type HashOptions } from "../data/fileHashes.js";
import type { RunRecord } from "./runFolder.js";

/** Published files that are missing or not what they were, relative to the run folder. */
export async function changedFiles(
  folder: string,
  published: RunRecord["published"],
  options: HashOptions = {},
): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, { bytes, sha256 }] of Object.entries(published)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    const same = found?.isFile() && found.size === bytes && (await sha256OfFile(path, options)) === sha256;
    if (!same) changed.push(name);
  }
  return changed;
}
