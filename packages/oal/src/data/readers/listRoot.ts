/** Where the images of a list lie: as files below the root, or in archives there. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { archiveKind, hasArchiveName } from "../archives/archiveKind.js";
import { folderContainer, locate } from "../pictures/folderWalk.js";

/**
 * Whether any image of a list is a file below the root. One that is missing says nothing of the others, whichever it is, nor does a
 * folder that is there without them.
 *
 * @param paths  of the images, relative to the root
 */
export function liesInFolder(root: string, paths: Iterable<string>): boolean {
  const folders = new Map<string, boolean>();
  for (const path of paths) {
    const folder = folderOf(path);
    let isThere = folders.get(folder);
    if (isThere === undefined) {
      isThere = folder === "" || existsSync(locate(root, folder));
      folders.set(folder, isThere);
    }
    if (isThere && existsSync(locate(root, path))) return true;
  }
  return false;
}

/** The folder of a path; "" for one without. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Paths of the archives under the root, those whose names share most words with the first image's path first. */
export async function archivesUnder(root: string, example: string): Promise<string[]> {
  if (!(await stat(root)).isDirectory()) return archiveKind(root) ? [root] : [];
  const words = new Set(example.toLowerCase().split(/[^a-z0-9]+/));
  const score = (path: string): number => {
    const own = path
      .toLowerCase()
      .replace(/^.*\/|\.(tar|tar\.gz|tgz|zip)$/g, "")
      .split(/[^a-z0-9]+/);
    return own.filter((word) => words.has(word)).length / own.length;
  };
  return (await folderContainer(root).list())
    .filter((m) => !m.isFolder && m.path.split("/").length <= 3 && hasArchiveName(m.path))
    .map((m) => m.path)
    .sort((a, b) => score(b) - score(a) || (a < b ? -1 : 1))
    .map((path) => join(root, path));
}
