/** Zip archives: members are found through the directory and read one by one. */
import { promisify } from "node:util";
import { constants, crc32, inflateRaw } from "node:zlib";
import { oalError } from "oal-core";
import { textOfName } from "../pictures/rawName.js";
import type { ArchiveFormat, Content } from "./archiveContainer.js";
import { type ArchiveNode, ArchiveTree } from "./archiveTree.js";
import { openWindowed, type WindowedFile } from "./byteSource.js";
import { refuseBomb } from "./limits.js";
import { type ZipEntry, zipEntries } from "./zipDirectory.js";

const inflate = promisify(inflateRaw);

const STORED = 0;
const DEFLATED = 8;
/** Methods that other programs can write, by PKWARE's numbers. */
const METHODS: Readonly<Record<number, string>> = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "xz",
  98: "PPMd",
};
/** A link's content is a path, and no path is longer. */
const MAX_TARGET_BYTES = 2 ** 12;

/** Why a member cannot be read, as far as the directory tells; a clause. */
function problemOf({ isEncrypted, kind, method }: ZipEntry): string | undefined {
  if (isEncrypted) return "encrypted with a password: unpack the archive and give the folder";
  if (kind === "special") return "a device or pipe, not a file";
  if (method === STORED || method === DEFLATED) return undefined;
  const name = METHODS[method] ?? `method ${method}`;
  return `compressed by ${name}, which is not read: unpack the archive and give the folder, or pack it with Deflate`;
}

/**
 * The first `most` bytes of a member; its checksum is compared when they are all.
 *
 * @throws Error with the reason when they cannot be had
 */
async function readMember(file: WindowedFile, entry: ZipEntry, most: number): Promise<Uint8Array> {
  const local = await file.read(entry.position, 30);
  if (local.length < 30 || local.readUInt32LE(0) !== 0x04034b50)
    throw new Error("it does not begin where the directory says");
  if (entry.packedBytes > 2 * entry.bytes + 1024) throw new Error("its sizes cannot be");
  const start = entry.position + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const whole = entry.bytes <= most;
  // Deflate adds 5 bytes to 64 KiB at worst: a little more than `most` holds the head.
  const wanted = whole ? entry.packedBytes : Math.min(entry.packedBytes, 2 * most + 64);
  if (start + wanted > file.size) throw new Error("it is cut off");
  const packed = await file.read(start, wanted);
  const bytes = entry.method === STORED ? packed : await inflated(packed, entry.bytes, whole);
  if (!whole) return bytes.subarray(0, most);
  if (bytes.length !== entry.bytes) throw new Error(`it has ${bytes.length} bytes instead of ${entry.bytes}`);
  if (crc32(bytes) !== entry.crc) throw new Error("its checksum does not match");
  return bytes;
}

/** Never more than the directory states, whatever the compressed bytes hold. */
async function inflated(packed: Buffer, stated: number, whole: boolean): Promise<Buffer> {
  const maxOutputLength = Math.max(1, stated);
  const finishFlush = whole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
  try {
    return await inflate(packed, { maxOutputLength, finishFlush });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
      throw new Error(`it expands to more than the ${stated} bytes that the directory states`, {
        cause: error,
      });
    throw new Error("its compressed bytes are wrong", { cause: error });
  }
}

async function nodeOf(file: WindowedFile, entry: ZipEntry, content: number): Promise<ArchiveNode> {
  if (entry.kind === "folder") return { kind: "folder", children: new Map() };
  const problem = problemOf(entry);
  if (problem !== undefined) return { kind: "unreadable", problem };
  if (entry.kind === "file") return { kind: "file", content };
  if (entry.bytes > MAX_TARGET_BYTES) return { kind: "unreadable", problem: "a link with an endless target" };
  try {
    return { kind: "link", target: textOfName(await readMember(file, entry, Infinity)) };
  } catch (error) {
    return { kind: "unreadable", problem: `a link whose target cannot be read: ${String(error)}` };
  }
}

/** Zip archives. The index throws OAL-D132 when all files are encrypted. */
export const zip: ArchiveFormat = async (path) => {
  const tree = new ArchiveTree();
  const entries: ZipEntry[] = [];
  const encrypted: string[] = [];
  let files = 0;
  const file = await openWindowed(path);
  try {
    for await (const entry of zipEntries(path)) {
      tree.add(entry.name, await nodeOf(file, entry, entries.push(entry) - 1));
      if (entry.kind === "file") files++;
      if (entry.isEncrypted) encrypted.push(entry.name);
    }
    const [member] = encrypted;
    if (member !== undefined && encrypted.length >= files)
      throw oalError("OAL-D132", { path, member, count: encrypted.length });
    const expanded = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    refuseBomb(path, "it", expanded, file.size);
  } finally {
    await file.close();
  }
  async function* read(contents: ReadonlySet<number>, most: number): AsyncIterable<Content> {
    const again = await openWindowed(path);
    try {
      for (const content of [...contents].sort((a, b) => a - b)) {
        const entry = entries[content];
        if (entry) yield await readContent(again, content, entry, most);
      }
    } finally {
      await again.close();
    }
  }
  return {
    tree,
    bytes: entries.map((entry) => entry.bytes),
    packedBytes: entries.map((entry) => entry.packedBytes),
    heads: new Map(),
    read,
  };
};

async function readContent(
  file: WindowedFile,
  content: number,
  entry: ZipEntry,
  most: number,
): Promise<Content> {
  try {
    return { content, bytes: await readMember(file, entry, most) };
  } catch (error) {
    return { content, problem: error instanceof Error ? error.message : String(error) };
  }
}
