/** What tells that a source in one file is another one. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { oalError } from "oal-core";
import { sha256OfFile } from "../fileHashes.js";
import { notRegular } from "../../runtime/notRegular.js";

const HASHED_BYTES = 2 ** 31;
const fingerprints = new Map<string, string>();

/** SHA-256 of a file's content, of size and time alone beyond 2 GiB; remembered while the file does not change. */
export async function fingerprintFile(path: string): Promise<string> {
  const found = await stat(path);
  // a pipe blocks and a device may never end
  const problem = notRegular(found);
  if (problem !== undefined) throw oalError("OAL-D106", { path, problem: `it is ${problem}` });
  const { size, mtimeMs } = found;
  const state = `${path} ${size} ${mtimeMs}`;
  const known = fingerprints.get(state);
  if (known !== undefined) return known;
  const made =
    size < HASHED_BYTES ? await sha256OfFile(path) : createHash("sha256").update(state).digest("hex");
  fingerprints.set(state, made);
  return made;
}
