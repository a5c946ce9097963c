/** Tests have a store and a cache of their own, made for one run of them, so that they neither find nor leave anything of the user's. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Before the first test; returns what is done after the last. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "oal-tests-"));
  process.env["OAL_STORE"] = join(folder, "store");
  process.env["OAL_CACHE"] ??= join(folder, "cache");
  return () => rmSync(folder, { recursive: true, force: true });
}
