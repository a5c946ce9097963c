/** The links of a run folder to its artifacts in the store. Nothing a user needs after a copy to another machine is behind them. */
import { lstat, readdir, readlink, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Artifact } from "./artifact.js";
import { systemCode, writeError } from "../runtime/systemError.js";

/**
 * Makes artifacts/NAME of a run folder lead to an artifact.
 *
 * @returns the link's path
 * @throws OAL-I101 when it cannot be written
 */
export async function linkArtifact(runFolder: string, artifact: Artifact): Promise<string> {
  const path = join(runFolder, "artifacts", basename(artifact.folder));
  try {
    if ((await readlink(path).catch(() => null)) === artifact.folder) return path;
    await rm(path, { recursive: true, force: true });
    // A junction needs no rights of an administrator on Windows; elsewhere the word is ignored.
    await symlink(artifact.folder, path, "junction");
  } catch (error) {
    // Another process of this run may have been faster.
    if (systemCode(error) !== "EEXIST") throw writeError(path, error);
  }
  return path;
}

/** Removes the links of a run folder to artifacts that are none of these stages': those of runs before it. */
export async function dropOtherLinks(
  runFolder: string,
  stages: Readonly<Record<string, { readonly folder: string }>>,
): Promise<void> {
  const folder = join(runFolder, "artifacts");
  const kept = new Set(Object.values(stages).map((stage) => basename(stage.folder)));
  for (const name of await readdir(folder)) {
    const link = await lstat(join(folder, name)).catch(() => null);
    if (link?.isSymbolicLink() && !kept.has(name)) await rm(join(folder, name), { force: true });
  }
}

/** Links of a run folder whose artifact is gone (another machine, a pruned store), by name. */
export async function danglingLinks(runFolder: string): Promise<string[]> {
  const folder = join(runFolder, "artifacts");
  const names = await readdir(folder).catch(() => []);
  const dangling: string[] = [];
  for (const name of names) {
    const link = await lstat(join(folder, name)).catch(() => null);
    if (link?.isSymbolicLink() && (await readdir(join(folder, name)).catch(() => null)) === null)
      dangling.push(name);
  }
  return dangling;
}
