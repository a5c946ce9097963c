/** Tells archives by their content, whatever their names end in, and names those that are not read. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { oalError } from "oal-core";
import type { Container } from "../readers/container.js";
import { archiveContainer } from "./archiveContainer.js";
import { isTarHeader } from "./tarEntries.js";
import { gzippedTar, plainTar } from "./tarFormat.js";
import { zip } from "./zipFormat.js";

/** The kinds of archive that are read. */
type ArchiveKind = "tar" | "tar.gz" | "zip";

const FORMATS = { tar: plainTar, "tar.gz": gzippedTar, zip };

/** First bytes of kinds that are not read. */
const REFUSED: readonly (readonly [start: string, title: string])[] = [
  ["\xfd7zXZ\0", "an xz file"],
  ["BZh", "a bzip2 file"],
  ["\x28\xb5\x2f\xfd", "a Zstandard file"],
  ["7z\xbc\xaf\x27\x1c", "a 7-Zip archive"],
  ["Rar!\x1a\x07", "a RAR archive"],
  ["LZIP", "an lzip file"],
  ["\x04\x22\x4d\x18", "an LZ4 file"],
  ["\x1f\x9d", "a file of compress (.Z)"],
  ["MSCF", "a cabinet file"],
];

/** A member, the end of an empty archive, the first part of a divided one, and such a one that became a single file. */
const ZIP_STARTS = ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00PK"];

const BLOCK = 512;
/** Expands to 4 MiB at most. */
const HEAD_BYTES = 4096;

/** Does the name say that this is an archive that is read? */
export function hasArchiveName(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|zip)$/i.test(path);
}

/**
 * The kind of archive at a path; undefined for what is no archive. A file whose name says archive is one, even if it is damaged.
 *
 * @throws OAL-D131 for archives of a kind that is not read
 */
export function archiveKind(path: string): ArchiveKind | undefined {
  // Nothing but a regular file is opened: a pipe would block.
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const head = headOf(path);
  const start = head.toString("latin1", 0, 8);
  if (ZIP_STARTS.some((mark) => start.startsWith(mark))) return "zip";
  const isNamedTar = /\.(tar|tar\.gz|tgz)$/i.test(path);
  if (start.startsWith("\x1f\x8b")) {
    if (isNamedTar || isTarHeader(startInflated(head))) return "tar.gz";
    throw oalError("OAL-D131", { path, kind: "a gzip file that holds no tar archive" });
  }
  const refused = REFUSED.find(([mark]) => start.startsWith(mark));
  if (refused) throw oalError("OAL-D131", { path, kind: refused[1] });
  if (isTarHeader(head.subarray(0, BLOCK)) || isNamedTar) return "tar";
  // Archives that unpack themselves begin with a program.
  return /\.zip$/i.test(path) ? "zip" : undefined;
}

function headOf(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** What the beginning of a gzip file expands to; nothing when it is damaged. */
function startInflated(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, BLOCK);
  } catch {
    return Buffer.alloc(0);
  }
}

/** An archive as a container. Its methods throw what `archiveKind` and `archiveContainer` throw. */
export function openArchive(path: string): Container {
  const format = FORMATS[archiveKind(path) ?? "tar"];
  return archiveContainer(path, format);
}
