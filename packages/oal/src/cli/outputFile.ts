/** Files that a command writes at its end: whether they can be is found before any work is done. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { oalError, type OalError } from "oal-core";
import { problemOf } from "../data/pictures/folderWalk.js";
import { systemProblem } from "../runtime/systemError.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { tryFolder } from "../runtime/tryFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";

/** Makes the folder of a file that will be written, and tries it. @throws OAL-I101 when no file can be there */
export async function expectOutputFile(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await makeFolder(folder);
    // a folder that is there may be one in which nothing can be made
    await tryFolder(folder);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw oalError("OAL-I101", { path, problem: "it is a folder" });
}

/** Writes it whole. @throws OAL-I101 when it cannot be written */
export async function writeOutputFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFileWhole(path, content).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}

function cannotWrite(path: string, error: unknown): OalError {
  return oalError("OAL-I101", { path, problem: systemProblem(error) ?? problemOf(error) }, error);
}
