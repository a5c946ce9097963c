/** Where decoded image sets are kept between runs. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Folder of the decoded-set cache: $OAL_CACHE, else the user's cache folder. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["OAL_CACHE"] ?? join(base, "oal", "sets");
}
