/** One file of a model into the cache: gone on with where it was cut, checked, and put in its place by a rename. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { oalError } from "oal-core";
import { tryClaim } from "../runtime/claims/claim.js";
import { describeOwner } from "../runtime/claims/owner.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { again, type Patience } from "./again.js";
import { ask, ConnectionLost, piecesOf } from "./http.js";
import { addressOf, type HubFile } from "./listing.js";
import { writtenName, type HubName } from "./name.js";
import type { HubPlace } from "./place.js";
import { writeError } from "../runtime/systemError.js";

/** The folder beside blobs and snapshots where processes claim what they fetch. */
const claimsFolder = ".claims";

/** What a finished file was compared with. */
export type Checked = "sha256" | "git" | "size";

/** A file to fetch. */
export interface Download {
  readonly place: HubPlace;
  readonly name: HubName;
  readonly commit: string;
  readonly file: HubFile;
  /** The model's folder in the cache. */
  readonly folder: string;
  /** Told whenever bytes came: how many of the file are there. */
  readonly onBytes?: (bytes: number) => void;
}

/** Bytes beyond all before, or a hundredth of a file, that make a try one that brought something. */
const worthwhile = 1e6;

/** Where the content of a file lies. */
export function blobPath(folder: string, etag: string): string {
  return join(folder, "blobs", etag);
}

/** The part of a file that came so far lies beside it, under the name that the hub's own programs use. */
export const partEnding = ".incomplete";

/** Whether the whole content of a file is there, by its size. */
export async function isPresent(folder: string, { etag, size }: HubFile): Promise<boolean> {
  return (await sizeOf(blobPath(folder, etag))) === size;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    () => undefined,
  );
}

/** Bytes of a file that came before. */
export async function presentBytes(folder: string, file: HubFile): Promise<number> {
  if (await isPresent(folder, file)) return file.size;
  const part = (await sizeOf(blobPath(folder, file.etag) + partEnding)) ?? 0;
  return part <= file.size ? part : 0;
}

/** The checksum that a content's name is, of a file: undefined where the name is none. */
export async function checksum(path: string, etag: string, size: number): Promise<string | undefined> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag)) return undefined;
  const hash = createHash(etag.length === 64 ? "sha256" : "sha1");
  // git's name of a content is the hash of a line about it and the content
  if (etag.length === 40) hash.update(`blob ${size}\0`);
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}

/**
 * Fetches a file unless it is there.
 *
 * @returns what the file was compared with
 * @throws OAL-D167 when length or checksum are not those of the listing (nothing of it is kept then), OAL-D166 when the connection was
 *   lost too often, OAL-D169 when another process fetches it, OAL-I101 when it cannot be written; what came is kept in the last three
 */
export async function fetchFile(download: Download, patience: Patience): Promise<Checked> {
  const { folder, file } = download;
  const blob = blobPath(folder, file.etag);
  await makeFolder(dirname(blob));
  const claims = join(folder, claimsFolder);
  const attempt = await tryClaim(claims, file.etag);
  if (!("claim" in attempt)) {
    const holder = attempt.owner === null ? "one that left no note" : describeOwner(attempt.owner);
    throw oalError("OAL-D169", { what: writtenName(download.name), claims, holder });
  }
  try {
    if (!(await isPresent(folder, file))) await fetchNow(download, patience, blob);
    return file.etag.length === 64 ? "sha256" : file.etag.length === 40 ? "git" : "size";
  } finally {
    await attempt.claim.release();
  }
}

async function fetchNow(download: Download, patience: Patience, blob: string): Promise<void> {
  const { place, name, file } = download;
  const part = blob + partEnding;
  let continued = ((await sizeOf(part)) ?? 0) > 0;
  for (;;) {
    const handle = await openPart(part);
    try {
      // A server without ranges that is cut at the same place every time brings the same bytes again, which is nothing.
      let furthest = (await handle.stat()).size;
      await again(place, name, patience, (brought) =>
        fill(download, patience, handle, part, (at) => {
          if (at < furthest + Math.min(worthwhile, file.size / 100)) return;
          furthest = at;
          brought();
        }),
      );
      await handle.sync();
    } catch (error) {
      throw writeError(part, error);
    } finally {
      await handle.close();
    }
    const found = await checksum(part, file.etag, file.size);
    if (found === undefined || found === file.etag) break;
    await rm(part, { force: true });
    // What an earlier command left may be damaged: once more from the start.
    if (!continued) throw wrong(download, `its checksum is ${found}, the hub says ${file.etag}`);
    continued = false;
  }
  await rename(part, blob);
}

async function openPart(part: string): Promise<FileHandle> {
  try {
    return await open(part, "a");
  } catch (error) {
    throw writeError(part, error);
  }
}

function wrong({ name, file }: Download, problem: string): Error {
  return oalError("OAL-D167", { model: writtenName(name), file: file.path, problem });
}

/** One connection: what is missing of the part, until the end of the file. */
async function fill(
  download: Download,
  { signal }: Patience,
  handle: FileHandle,
  part: string,
  reached: (at: number) => void,
): Promise<void> {
  const { place, name, commit, file, onBytes } = download;
  let at = (await handle.stat()).size;
  if (at > file.size) at = await restart(handle);
  onBytes?.(at);
  if (at === file.size && at > 0) return;
  const response = await ask({
    place,
    name,
    url: addressOf(place, name, commit, file.path),
    headers: { "accept-encoding": "identity", ...(at > 0 ? { range: `bytes=${at}-` } : {}) },
    signal,
  });
  if (at > 0 && !continues(response, at)) at = await restart(handle);
  if (response.status === 416) {
    await response.body?.cancel();
    throw new ConnectionLost("it does not know the part that is missing");
  }
  const announced = response.headers.get("content-length");
  if (announced !== null && at + Number(announced) !== file.size) {
    await response.body?.cancel();
    await rm(part, { force: true });
    throw wrong(download, `it would have ${at + Number(announced)} bytes, the hub lists ${file.size}`);
  }
  for await (const piece of piecesOf(response, place.patience, signal)) {
    if (at + piece.length > file.size) {
      await rm(part, { force: true });
      throw wrong(download, `it has more than the ${file.size} bytes that the hub lists`);
    }
    for (let done = 0; done < piece.length;) done += (await handle.write(piece, done)).bytesWritten;
    at += piece.length;
    reached(at);
    onBytes?.(at);
  }
  if (at < file.size) throw new ConnectionLost(`the connection was cut at byte ${at} of ${file.size}`);
}

/** Whether an answer begins where the part ends; a server without ranges sends everything. */
function continues(response: Response, at: number): boolean {
  return (
    response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${at}-`) === true
  );
}

async function restart(handle: FileHandle): Promise<0> {
  await handle.truncate(0);
  return 0;
}
