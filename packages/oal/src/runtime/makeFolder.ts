/**
 * Making a folder with the folders above it. Node's own `recursive` never ends where the system says "no such file" although
 * the folder above is there (below /proc, and on some network drives): it makes that one again and again.
 */
import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** The system's code of an error, without the table of sentences, which lies in a later layer. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/**
 * Makes a folder unless it is there.
 *
 * @throws the system's error: EEXIST where a file is in the way, EACCES, ENOENT where no folder can be made, ...
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const parent = dirname(folder);
  try {
    await makeOne(folder);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
    await makeFolder(parent);
    // Another process may have made the folder above between the two: the same question once more, with that one in place.
    await makeOne(folder);
  }
}

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !(await stat(folder)).isDirectory()) throw error;
  }
}

/** {@link makeFolder}, at once. */
export function makeFolderSync(path: string): void {
  const folder = resolve(path);
  const parent = dirname(folder);
  try {
    makeOneSync(folder);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
    makeFolderSync(parent);
    makeOneSync(folder);
  }
}

function makeOneSync(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !statSync(folder).isDirectory()) throw error;
  }
}
