/** Which images of a list are there: names only, nothing is opened but folders and the directories of archives. */
import { readdir, stat } from "node:fs/promises";
import { openArchive } from "../archives/archiveKind.js";
import { locate } from "../pictures/folderWalk.js";
import { textOfName } from "../pictures/rawName.js";
import { archivesUnder, folderOf, liesInFolder } from "./listRoot.js";

/** How to look. */
export interface LookOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the images looked for so far. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * The images of a list that are not under its root, in the list's order.
 *
 * @param root  folder, archive, or folder of archives, as `SourceSpec.path`
 * @param paths  relative to the root, without doubles
 * @throws OAL-D109, OAL-D130 for archives that are damaged or expand without end
 */
export async function absentImages(
  root: string,
  paths: readonly string[],
  options: LookOptions = {},
): Promise<string[]> {
  const [example = ""] = paths;
  const isFolder = (await stat(root)).isDirectory();
  if (isFolder && liesInFolder(root, paths)) return absentInFolder(root, paths, options);
  const archives = await archivesUnder(root, example);
  if (isFolder && archives.length === 0) return absentInFolder(root, paths, options);
  const missing = new Set(paths);
  for (const archive of archives) {
    if (missing.size === 0) break;
    options.signal?.throwIfAborted();
    for (const { path, isFolder: holds } of await openArchive(archive).list())
      if (!holds) missing.delete(path);
    options.onProgress?.(paths.length - missing.size);
  }
  return [...missing];
}

/** Every folder is listed once: a million files are thousands of folders. */
async function absentInFolder(
  root: string,
  paths: readonly string[],
  { signal, onProgress }: LookOptions,
): Promise<string[]> {
  const names = new Map<string, Promise<ReadonlySet<string>>>();
  const absent: string[] = [];
  for (const [i, path] of paths.entries()) {
    const folder = folderOf(path);
    let own = names.get(folder);
    if (!own) {
      signal?.throwIfAborted();
      own = namesIn(locate(root, folder));
      names.set(folder, own);
      onProgress?.(i);
    }
    if (!(await own).has(path.slice(path.lastIndexOf("/") + 1))) absent.push(path);
  }
  return absent;
}

async function namesIn(folder: string | Buffer): Promise<ReadonlySet<string>> {
  try {
    return new Set((await readdir(folder, { encoding: "buffer" })).map((name) => textOfName(name)));
  } catch {
    return new Set();
  }
}
