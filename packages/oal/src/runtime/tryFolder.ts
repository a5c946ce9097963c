/** Whether anything can be made in a folder: asked before work that ends in it, which may take hours. */
import { existsSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * Makes something in a folder, or in the nearest one above it that is there, and removes it again.
 *
 * @throws the system's error where nothing can be made: EACCES, EROFS, ENOSPC, ENOTDIR where a file is in the way, ...
 */
export async function tryFolder(folder: string): Promise<void> {
  let nearest = resolve(folder);
  while (!existsSync(nearest)) nearest = dirname(nearest);
  await rmdir(await mkdtemp(join(nearest, ".oal-probe-")));
}
