/** Folders and archives seen alike: a list of members and a way to read some of them, without unpacking. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { oalError } from "oal-core";
import {
  locate,
  type Member,
  notRegular,
  problemOf,
  readRegularFile,
  walkFolder,
} from "../pictures/folderWalk.js";

/** A member's bytes, or why they cannot be had. */
export type MemberContent = { readonly path: string } & (
  { readonly bytes: Uint8Array } | { readonly problem: string }
);

/** A folder or archive. */
export interface Container {
  list(): Promise<Member[]>;
  /** Yields the members among `wanted` that exist, once each, in the container's own order. */
  read(wanted: ReadonlySet<string>): AsyncIterable<MemberContent>;
  /** A digest that changes with the content. */
  fingerprint(): Promise<string>;
}

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
  const hash = createHash("sha256");
  if (size < HASHED_BYTES) await pipeline(createReadStream(path), hash);
  else hash.update(state);
  const made = hash.digest("hex");
  fingerprints.set(state, made);
  return made;
}

/** A folder on disk, walked as `walkFolder` says. */
export function folderContainer(root: string): Container {
  return {
    list: () => walkFolder(root),
    async *read(wanted) {
      for (const path of wanted) {
        try {
          yield { path, bytes: await readRegularFile(locate(root, path)) };
        } catch (error) {
          yield { path, problem: problemOf(error) };
        }
      }
    },
    async fingerprint() {
      const hash = createHash("sha256");
      for (const { path, isFolder } of await walkFolder(root))
        hash.update(await stateOf(root, path, isFolder));
      return hash.digest("hex");
    },
  };
}

/** Path, size and time of change of a file, as text. */
export async function stateOf(root: string, path: string, isFolder = false): Promise<string> {
  if (isFolder) return `${path}/\n`;
  try {
    const { size, mtimeMs } = await stat(locate(root, path));
    return `${path} ${size} ${mtimeMs}\n`;
  } catch {
    return `${path} missing\n`;
  }
}
