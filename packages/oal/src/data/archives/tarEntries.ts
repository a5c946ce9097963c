/** Entries of a tar archive in order, in the dialects of V7, ustar, GNU and POSIX (pax). */
import { OalError } from "oal-core";
import { textOfName } from "../pictures/rawName.js";
import { type ByteSource, readingProblem } from "./byteSource.js";

/** What one entry of a tar archive says. */
export interface TarEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "symbolicLink" | "hardLink" | "special";
  /** Target of a link, else "". */
  readonly target: string;
  /** Bytes of content; 0 for what has none. */
  readonly size: number;
  /** Where the content begins in the (expanded) archive. */
  readonly position: number;
  /** Why a special entry cannot be read. */
  readonly problem: string;
  /** First bytes of the content, as many as were asked for. */
  readonly head: Uint8Array;
}

const BLOCK = 512;
/** Long names and extended headers beyond this are no names. */
const MAX_META_BYTES = 2 ** 20;

const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardLink",
  "2": "symbolicLink",
  "5": "folder",
  D: "folder",
};
const PROBLEMS: Readonly<Record<string, string>> = {
  "3": "a device, not a file",
  "4": "a device, not a file",
  "6": "a named pipe, not a file",
  M: "the second part of a file whose first is in another archive",
  S: "a sparse file, which is not read; pack it without --sparse",
};
const BODILESS = "123456";

/**
 * Reads entries until the end of the source. Archives one after the other are one archive; what follows the end mark and is no entry is
 * left alone, as `tar` does.
 *
 * @param headBytes  how many first bytes of a file of this name to give with it
 * @throws Error naming the place when the archive is damaged or ends early
 */
export async function* tarEntries(
  bytes: ByteSource,
  headBytes: (name: string) => number = () => 0,
): AsyncIterable<TarEntry> {
  let shared: ReadonlyMap<string, Buffer> = new Map();
  let own = new Map<string, Buffer>();
  let zeros = 0;
  let last = "";
  const damaged = (what: string, cause?: unknown): Error =>
    new Error(`${what} at byte ${bytes.position}${last === "" ? "" : `, after ${last}`}`, { cause });
  const source = tellingFailures(bytes, damaged);
  for (;;) {
    const header = await source.read(BLOCK);
    if (header.length < BLOCK && zeros > 0) return;
    if (source.position === 0) throw new Error("it is empty");
    if (header.length < BLOCK) throw damaged("it is cut off");
    if (header.every((byte) => byte === 0)) {
      zeros++;
      continue;
    }
    if (!isTarHeader(header)) {
      if (zeros > 1) return;
      if (source.position === BLOCK) throw new Error("it is no tar archive");
      throw damaged("it has no valid entry");
    }
    zeros = 0;
    const type = String.fromCharCode(header[156] ?? 0);
    const size = numberOf(own.get("size") ?? shared.get("size")) ?? numberIn(header, 124, 12);
    if (!Number.isSafeInteger(size) || size < 0) throw damaged("an entry has an impossible size");
    const padded = size + (-size & (BLOCK - 1));
    if ("xXgLK".includes(type)) {
      if (size > MAX_META_BYTES) throw damaged("a name is longer than a name can be");
      const body = await source.read(padded);
      if (body.length < padded) throw damaged("it is cut off");
      const content = body.subarray(0, size);
      if (type === "g") shared = new Map([...shared, ...paxRecords(content)]);
      else if (type === "L") own.set("path", textBytes(content));
      else if (type === "K") own.set("linkpath", textBytes(content));
      else own = new Map([...own, ...paxRecords(content)]);
      continue;
    }
    const record = (key: string): Buffer | undefined => own.get(key) ?? shared.get(key);
    const name = textOfName(record("GNU.sparse.name") ?? record("path") ?? nameIn(header));
    const target = textOfName(record("linkpath") ?? textBytes(header.subarray(157, 257)));
    const sparse = [...own.keys()].some((key) => key.startsWith("GNU.sparse."));
    own = new Map();
    last = name;
    if (type === "S") await skipSparseMap(source, header);
    const position = source.position;
    // Volume labels and names of an extinct dialect are no members.
    if (!"VN".includes(type)) {
      const kind = kindOf(type, name, sparse);
      const head = kind === "file" ? await source.read(Math.min(size, headBytes(name))) : [];
      yield {
        name,
        kind,
        target,
        size: kind === "file" ? size : 0,
        position,
        // A copy: the bytes read are part of a larger window.
        head: Uint8Array.from(head),
        problem: PROBLEMS[sparse ? "S" : type] ?? `an entry of the unknown type "${type}"`,
      };
    }
    const body = BODILESS.includes(type) ? 0 : padded;
    const left = position + body - source.position;
    if ((await source.skip(left)) < left) throw damaged("it is cut off");
  }
}

function kindOf(type: string, name: string, isSparse: boolean): TarEntry["kind"] {
  const kind = isSparse ? "special" : (KINDS[type] ?? "special");
  // V7 has no type for folders.
  return kind === "file" && name.endsWith("/") ? "folder" : kind;
}

/** Is this block the header of an entry? Its checksum tells, summed as unsigned bytes or, by old programs, as signed ones. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK) return false;
  const stored = numberIn(block, 148, 8);
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 32 : (block[i] ?? 0);
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return stored === unsigned || stored === signed;
}

/** A number in octal digits or, with the top bit set, in base 256; NaN for anything else. */
function numberIn(block: Uint8Array, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    if (field[0] !== 0x80) return Number.NaN;
    return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  }
  const text = textBytes(field).toString("latin1").trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(`0${text}`, 8) : Number.NaN;
}

function numberOf(text: Buffer | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.toString("latin1"));
}

/** The bytes before the first zero. */
function textBytes(field: Uint8Array): Buffer {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

function nameIn(header: Uint8Array): Buffer {
  const name = textBytes(header.subarray(0, 100));
  // The prefix is ustar's; GNU, whose mark ends in a space, keeps other things there.
  const isUstar = Buffer.from(header.subarray(257, 263)).equals(Buffer.from("ustar\0"));
  const prefix = isUstar ? textBytes(header.subarray(345, 500)) : Buffer.alloc(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}

/** Records "length key=value\n" of an extended header. Values stay bytes: names in them need not be UTF-8. */
function paxRecords(content: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(content.subarray(at, space).toString("latin1"));
    const equals = content.indexOf(0x3d, space);
    const end = at + length;
    if (!(length > 0) || end > content.length || equals < 0 || equals >= end) {
      throw new Error("an extended header is damaged");
    }
    records.set(content.subarray(space + 1, equals).toString("utf8"), content.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** GNU puts the rest of a long sparse map between header and content; its size is not counted. */
async function skipSparseMap(source: ByteSource, header: Uint8Array): Promise<void> {
  let more = header[482] === 1;
  while (more) more = (await source.read(BLOCK))[504] === 1;
}

/** The source, but what fails in reading it (a gzip stream that ends early or is damaged) is told with its place. */
function tellingFailures(source: ByteSource, damaged: (what: string, cause: unknown) => Error): ByteSource {
  const told = (error: unknown): never => {
    throw error instanceof OalError ? error : damaged(readingProblem(error), error);
  };
  return {
    get position() {
      return source.position;
    },
    read: (count) => source.read(count).catch(told),
    skip: (count) => source.skip(count).catch(told),
    close: () => source.close(),
  };
}
