/** Where the artifact store lies. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { oalError } from "oal-core";
import { makeFolder } from "../../runtime/makeFolder.js";
import { systemProblem } from "../../runtime/systemError.js";
import { ArtifactStore } from "./artifactStore.js";

/**
 * $OAL_STORE, else oal/store in the user's data folder ($XDG_DATA_HOME, ~/.local/share). Not in the cache folder, which may
 * be deleted at any time: hours of training lie in the store.
 */
export function storeFolder(): string {
  const base = process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return resolve(process.env["OAL_STORE"] || join(base, "oal", "store"));
}

/** The store, ready to be written. @throws OAL-I106 naming OAL_STORE when it cannot be */
export async function openStore(): Promise<ArtifactStore> {
  const store = new ArtifactStore(storeFolder());
  try {
    await makeFolder(store.artifacts);
    accessSync(store.artifacts, constants.W_OK);
  } catch (error) {
    const problem = systemProblem(error);
    if (problem === undefined) throw error;
    throw oalError("OAL-I106", { path: store.folder, problem }, error);
  }
  return store;
}
