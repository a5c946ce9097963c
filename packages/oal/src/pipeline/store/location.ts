/** Where the artifact store lies. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * $OAL_STORE, else oal/store in the user's data folder ($XDG_DATA_HOME, ~/.local/share). Not in the cache folder, which may
 * be deleted at any time: hours of training lie in the store.
 */
export function storeFolder(): string {
  const base = process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return resolve(process.env["OAL_STORE"] || join(base, "oal", "store"));
}
