/** Models of the hub that are on this machine: nothing here uses the network, and little is read, so that it need not be waited for. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { commitForm, folderOfRepo, parseHubName, writtenName } from "./name.js";
import { hubCache } from "./place.js";

/**
 * The folder of a model that `oal models pull`, or one of the hub's own programs, has fetched: its files under their own names.
 *
 * @param name OWNER/NAME[@REVISION], also with "hf:" in front; a commit may be shortened to its first digits
 * @throws OAL-C220 for a text that is no such name, OAL-D162 when the model is not there
 */
export function hubSnapshot(name: string, cache: string = hubCache()): string {
  const parsed = parseHubName(name);
  const { repo, revision } = parsed;
  const folder = join(cache, folderOfRepo(repo));
  const commit = commitOf(folder, revision);
  const snapshot = commit === undefined ? undefined : join(folder, "snapshots", commit);
  if (snapshot !== undefined && statSync(snapshot, { throwIfNoEntry: false })?.isDirectory()) return snapshot;
  throw oalError("OAL-D162", { model: writtenName(parsed), cache, others: namesIn(join(folder, "refs")) });
}

/** The commit of a branch, a tag, or the first digits of a commit. */
function commitOf(folder: string, revision: string): string | undefined {
  const told = textOf(join(folder, "refs", revision)).trim();
  if (commitForm.test(told)) return told;
  if (!/^[0-9a-f]{7,40}$/.test(revision)) return undefined;
  const found = namesIn(join(folder, "snapshots")).filter((commit) => commit.startsWith(revision));
  return found.length === 1 ? found[0] : undefined;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
