/** Whether a folder is somebody else's: asked before results are written into it, and what lies there is written over. */
import { readdir } from "node:fs/promises";
import { systemCode } from "./systemError.js";

/** What tells one's own folder from others. */
export interface OwnFolder {
  /** By the names of all that is in it. */
  readonly isOwn: (names: readonly string[]) => boolean | Promise<boolean>;
  /** Of a folder that is not one's own: what a killed process of ours may have left, and counts for nothing. */
  readonly isLeftOver?: (name: string) => boolean | Promise<boolean>;
}

/**
 * The first file of a folder that is neither new nor empty nor one's own; undefined where there is none. Hidden files do not count.
 *
 * @throws the system's error where the folder cannot be looked into
 */
export async function foreignFileIn(
  folder: string,
  { isOwn, isLeftOver = () => false }: OwnFolder,
): Promise<string | undefined> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  if (await isOwn(names)) return undefined;
  for (const name of names.toSorted()) if (!name.startsWith(".") && !(await isLeftOver(name))) return name;
  return undefined;
}
