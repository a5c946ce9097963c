/** Bytes of a file in order, plain or gunzipped, with a way to pass over what is not wanted. */
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { notRegular } from "../../runtime/notRegular.js";
import { problemOf } from "../pictures/folderWalk.js";
import { refuseBomb } from "./limits.js";

/** A place in a run of bytes that only moves forward. */
export interface ByteSource {
  /** Bytes passed so far. */
  readonly position: number;
  /** The next `count` bytes; fewer at the end alone. */
  read(count: number): Promise<Buffer>;
  /** Passes over `count` bytes; returns how many there were. */
  skip(count: number): Promise<number>;
  close(): Promise<void>;
}

const WINDOW_BYTES = 2 ** 16;

/** A file read by position. */
export interface WindowedFile {
  readonly size: number;
  /** `count` bytes at a position; fewer at the end of the file alone. Must not be changed. */
  read(position: number, count: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Opens a file whose small neighbouring reads are served from a window of 64 KiB. */
export async function openWindowed(path: string): Promise<WindowedFile> {
  // a pipe would hold the program until somebody writes into it
  const problem = notRegular(await stat(path));
  if (problem !== undefined) throw new Error(problem);
  const file = await open(path);
  const { size } = await file.stat();
  let window: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) };
  return {
    size,
    async read(position, count) {
      const wanted = Math.max(0, Math.min(count, size - position));
      if (position < window.from || position + wanted > window.from + window.bytes.length) {
        const length = Math.max(wanted, Math.min(WINDOW_BYTES, size - position));
        window = { from: position, bytes: await readAt(file, position, length) };
      }
      const at = position - window.from;
      return window.bytes.subarray(at, at + wanted);
    },
    close: () => file.close(),
  };
}

async function readAt(file: FileHandle, position: number, count: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(count);
  let filled = 0;
  while (filled < count) {
    const { bytesRead } = await file.read(buffer, filled, count - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** A file from `start` on; passing over costs nothing. */
export async function fileSource(path: string, start = 0): Promise<ByteSource> {
  const file = await openWindowed(path);
  let position = Math.min(start, file.size);
  return {
    get position() {
      return position;
    },
    async read(count) {
      const bytes = await file.read(position, count);
      position += bytes.length;
      return bytes;
    },
    skip(count) {
      const passed = Math.max(0, Math.min(count, file.size - position));
      position += passed;
      return Promise.resolve(passed);
    },
    close: () => file.close(),
  };
}

/**
 * A gunzipped file, all its gzip members one after the other.
 *
 * @throws OAL-D130 from `read` and `skip` when it expands like a bomb; zlib's errors when it is damaged
 */
export function gunzipSource(path: string): ByteSource {
  const gunzip = createGunzip({ chunkSize: 2 ** 18 });
  // A failure of the file reaches the reader through the last stream of the pipeline.
  pipeline(createReadStream(path, { highWaterMark: 2 ** 18 }), gunzip, () => undefined);
  const chunks = gunzip.iterator();
  let position = 0;
  let chunk: Buffer = Buffer.alloc(0);
  /** Up to `count` bytes, none at the end. */
  const next = async (count: number): Promise<Buffer> => {
    while (chunk.length === 0) {
      const result: IteratorResult<Buffer> = await chunks.next();
      if (result.done === true) return Buffer.alloc(0);
      chunk = result.value;
      refuseBomb(path, "it", position + chunk.length, gunzip.bytesWritten);
    }
    const part = chunk.subarray(0, count);
    chunk = chunk.subarray(part.length);
    position += part.length;
    return part;
  };
  return {
    get position() {
      return position;
    },
    async read(count) {
      const parts: Buffer[] = [];
      for (let missing = count; missing > 0;) {
        const part = await next(missing);
        if (part.length === 0) break;
        parts.push(part);
        missing -= part.length;
      }
      return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    },
    async skip(count) {
      let passed = 0;
      while (passed < count) {
        const part = await next(count - passed);
        if (part.length === 0) break;
        passed += part.length;
      }
      return passed;
    },
    close() {
      gunzip.destroy();
      return Promise.resolve();
    },
  };
}

/** A file from its start on, gunzipped where it is a gzip file. */
export async function plainSource(path: string): Promise<ByteSource> {
  const source = await fileSource(path);
  const [first, second] = await source.read(2);
  await source.close();
  return first === 0x1f && second === 0x8b ? gunzipSource(path) : fileSource(path);
}

/** Why reading failed; zlib's errors are put into words. */
export function readingProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_BUF_ERROR") return "it is cut off";
  return code === "Z_DATA_ERROR" ? `its compressed bytes are wrong (${problemOf(error)})` : problemOf(error);
}
