/** The directory of a zip archive (PKWARE's APPNOTE 6.3.10): its end record, zip64, and the entries. */
import { textOfName } from "../pictures/rawName.js";
import { type ByteSource, fileSource, openWindowed, type WindowedFile } from "./byteSource.js";
import { cp437Text, unicodePath, utf8Text } from "./memberNames.js";

/** What the directory says of one member. */
export interface ZipEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "symbolicLink" | "special";
  readonly isEncrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where the member's local header begins in the file. */
  readonly position: number;
}

/** Where the entries lie in the file. */
interface Directory {
  readonly start: number;
  readonly bytes: number;
  readonly count: number;
  /** Bytes before the archive that its own offsets do not count, as in archives that unpack themselves. */
  readonly shift: number;
}

const END_BYTES = 22;
const ZIP64_END_BYTES = 56;
const LOCATOR_BYTES = 20;
const MAX_COMMENT_BYTES = 2 ** 16;

/**
 * All entries of a zip archive in the order of its directory.
 *
 * @throws Error naming the place when the directory is damaged or missing
 */
export async function* zipEntries(path: string): AsyncIterable<ZipEntry> {
  const directory = await findDirectory(path);
  const source = await fileSource(path, directory.start);
  try {
    const end = directory.start + directory.bytes;
    let count = 0;
    for (; source.position < end; count++) yield await readEntry(source, directory.shift);
    // The count has 16 bits, and some programs let it run over.
    if (count % 2 ** 16 !== directory.count % 2 ** 16)
      throw new Error(`its directory has ${count} entries instead of ${directory.count}`);
  } finally {
    await source.close();
  }
}

async function findDirectory(path: string): Promise<Directory> {
  const file = await openWindowed(path);
  try {
    const { size } = file;
    const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES);
    const tail = await file.read(size - tailBytes, tailBytes);
    for (let at = tail.length - END_BYTES; at >= 0; at--) {
      if (tail.readUInt32LE(at) !== 0x06054b50) continue;
      const directory = await directoryAt(file, tail, at, size - tailBytes);
      if (directory) return directory;
    }
    const [first = 0, second = 0] = await file.read(0, 2);
    const isZip = first === 0x50 && second === 0x4b;
    throw new Error(isZip ? "it is cut off: the directory at its end is missing" : "it is no zip archive");
  } finally {
    await file.close();
  }
}

/** The directory that the end record at `at` of the file's tail tells of; undefined when these bytes only look like one. */
async function directoryAt(
  file: WindowedFile,
  tail: Buffer,
  at: number,
  tailStart: number,
): Promise<Directory | undefined> {
  if (at + END_BYTES + tail.readUInt16LE(at + 20) > tail.length) return undefined;
  const end = tailStart + at;
  const plain = {
    disk: tail.readUInt16LE(at + 4),
    count: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
    end,
  };
  const hasLocator = at >= LOCATOR_BYTES && tail.readUInt32LE(at - LOCATOR_BYTES) === 0x07064b50;
  const large = hasLocator
    ? await zip64End(file, end - LOCATOR_BYTES, Number(tail.readBigUInt64LE(at - LOCATOR_BYTES + 8)))
    : undefined;
  const { disk, count, bytes, offset, end: directoryEnd } = large ?? plain;
  if (disk !== 0) throw new Error("it is the last part of an archive in several files; join them into one");
  const shift = directoryEnd - bytes - offset;
  if (bytes === 0 && count === 0) return { start: directoryEnd, bytes, count, shift: 0 };
  for (const moved of shift > 0 ? [shift, 0] : [0]) {
    const mark = await file.read(offset + moved, 4);
    if (mark.length === 4 && mark.readUInt32LE(0) === 0x02014b50)
      return { start: offset + moved, bytes, count, shift: moved };
  }
  return undefined;
}

type End = Pick<Directory, "count" | "bytes"> & { disk: number; offset: number; end: number };

/** The end record of zip64 where its locator says, or directly before the locator where something was put before the archive. */
async function zip64End(file: WindowedFile, locator: number, stated: number): Promise<End | undefined> {
  for (const end of [stated, locator - ZIP64_END_BYTES]) {
    if (!(end >= 0 && end < locator)) continue;
    const record = await file.read(end, ZIP64_END_BYTES);
    if (record.length < ZIP64_END_BYTES || record.readUInt32LE(0) !== 0x06064b50) continue;
    const number = (at: number): number => Number(record.readBigUInt64LE(at));
    return { disk: record.readUInt32LE(16), count: number(32), bytes: number(40), offset: number(48), end };
  }
  return undefined;
}

async function readEntry(source: ByteSource, shift: number): Promise<ZipEntry> {
  const start = source.position;
  const damaged = (): Error => new Error(`its directory is damaged at byte ${start}`);
  const fixed = Buffer.from(await source.read(46));
  if (fixed.length < 46 || fixed.readUInt32LE(0) !== 0x02014b50) throw damaged();
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((at) => fixed.readUInt16LE(at));
  const variable = await source.read((nameBytes ?? 0) + (extraBytes ?? 0));
  await source.skip(commentBytes ?? 0);
  const plainName = variable.subarray(0, nameBytes);
  const extra = extraFields(variable.subarray(nameBytes));
  const system = fixed.readUInt8(5);
  const flags = fixed.readUInt16LE(8);
  const name = entryName(plainName, extra, system);
  const large = [24, 20, 42].map((at) => fixed.readUInt32LE(at));
  const wide = extra.get(1) ?? Buffer.alloc(0);
  let used = 0;
  const [bytes = 0, packedBytes = 0, offset = 0] = large.map((value) => {
    if (value !== 0xffffffff || used + 8 > wide.length) return value;
    used += 8;
    return Number(wide.readBigUInt64LE(used - 8));
  });
  return {
    name,
    kind: kindOf(name, system, fixed.readUInt32LE(38)),
    isEncrypted: (flags & 0x41) !== 0,
    method: fixed.readUInt16LE(10),
    crc: fixed.readUInt32LE(16),
    packedBytes,
    bytes,
    position: offset + shift,
  };
}

/** Extra fields by their number; what does not parse is left out. */
function extraFields(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    if (end <= bytes.length) fields.set(bytes.readUInt16LE(at), bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

const FAT = 0;
const UNIX = 3;
const NTFS = 10;
const VFAT = 14;
const MAC = 19;

/**
 * UTF-8 when the bytes are valid UTF-8, whether the flag says so or not (many programs forget it, and text of another encoding is
 * practically never valid), else code page 437. Programs of MS-DOS and Windows may separate folders by "\".
 */
function entryName(plain: Buffer, extra: ReadonlyMap<number, Buffer>, system: number): string {
  const unicode = extra.get(0x7075);
  const name =
    (unicode === undefined ? undefined : unicodePath(unicode, plain)) ?? utf8Text(plain) ?? cp437Text(plain);
  return textOfName(Buffer.from([FAT, NTFS, VFAT].includes(system) ? name.replaceAll("\\", "/") : name));
}

function kindOf(name: string, system: number, attributes: number): ZipEntry["kind"] {
  const type = system === UNIX || system === MAC ? (attributes >>> 28) & 0o17 : 0;
  if (type === 0o12) return "symbolicLink";
  if (type === 0o4 || name.endsWith("/")) return "folder";
  return type === 0 || type === 0o10 ? "file" : "special";
}
