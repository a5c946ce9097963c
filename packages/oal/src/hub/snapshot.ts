/** Models of the hub that are on this machine: nothing here uses the network. */
import { readdir, readFile, stat } from "node:fs/promises";
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
export async function hubSnapshot(name: string, cache: string = hubCache()): Promise<string> {
  const parsed = parseHubName(name);
  const { repo, revision } = parsed;
  const folder = join(cache, folderOfRepo(repo));
  const commit = await commitOf(folder, revision);
  const snapshot = commit === undefined ? undefined : join(folder, "snapshots", commit);
  if (snapshot !== undefined && (await isFolder(snapshot))) return snapshot;
  const others = await readdir(join(folder, "refs"), { recursive: true }).catch(() => []);
  throw oalError("OAL-D162", { model: writtenName(parsed), cache, others });
}

/** The commit of a branch, a tag, or the first digits of a commit. */
async function commitOf(folder: string, revision: string): Promise<string | undefined> {
  const told = await readFile(join(folder, "refs", revision), "utf8").catch(() => "");
  if (commitForm.test(told.trim())) return told.trim();
  if (!/^[0-9a-f]{7,40}$/.test(revision)) return undefined;
  const commits = await readdir(join(folder, "snapshots")).catch(() => []);
  const found = commits.filter((commit) => commit.startsWith(revision));
  return found.length === 1 ? found[0] : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
