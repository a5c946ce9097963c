/** Shard files: fixed-size rows of bytes in files of about 32 MB, hashed, read by position without loading a file. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";

const SHARD_BYTES = 32 * 2 ** 20;
const CHUNK = 2 ** 20;

/** One shard file: name within its folder, rows and SHA-256. */
export interface ShardFile {
  readonly file: string;
  readonly rows: number;
  readonly sha256: string;
}

/** Rows per shard for rows of this size. */
export function rowsPerShard(rowBytes: number): number {
  return Math.max(1, Math.floor(SHARD_BYTES / rowBytes));
}

function shardName(index: number): string {
  return `shard-${String(index).padStart(3, "0")}.bin`;
}

/** Writes rows in any order into shard files of a folder. */
export class ShardWriter {
  readonly #folder: string;
  readonly #rowBytes: number;
  readonly #rows: number;
  readonly #perShard: number;
  readonly #handles = new Map<number, number>();

  /** @param rows  number of rows in all; rows never written are zero */
  constructor(folder: string, rowBytes: number, rows: number) {
    this.#folder = folder;
    this.#rowBytes = rowBytes;
    this.#rows = rows;
    this.#perShard = rowsPerShard(rowBytes);
  }

  /** Writes one row of `rowBytes` bytes. */
  write(row: number, bytes: Uint8Array): void {
    const shard = Math.floor(row / this.#perShard);
    writeAll(this.#handle(shard), bytes, (row - shard * this.#perShard) * this.#rowBytes);
  }

  /** Completes, closes and hashes all shards. */
  finish(): ShardFile[] {
    const shards: ShardFile[] = [];
    for (let shard = 0; shard * this.#perShard < this.#rows; shard++) {
      const rows = Math.min(this.#perShard, this.#rows - shard * this.#perShard);
      const handle = this.#handle(shard);
      // The last byte gives a shard its full length even when its last rows were never written.
      const last = new Uint8Array(1);
      if (readSync(handle, last, 0, 1, rows * this.#rowBytes - 1) === 0)
        writeAll(handle, last, rows * this.#rowBytes - 1);
      shards.push({ file: shardName(shard), rows, sha256: hashOfHandle(handle) });
    }
    this.close();
    return shards;
  }

  /** Closes the files; also after a failure. */
  close(): void {
    for (const handle of this.#handles.values()) closeSync(handle);
    this.#handles.clear();
  }

  #handle(shard: number): number {
    const known = this.#handles.get(shard);
    if (known !== undefined) return known;
    const made = openSync(join(this.#folder, shardName(shard)), "w+");
    this.#handles.set(shard, made);
    return made;
  }
}

function writeAll(handle: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(handle, bytes, done, bytes.length - done, position + done);
}

function hashOfHandle(handle: number): string {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK);
  for (let at = 0; ;) {
    const count = readSync(handle, buffer, 0, CHUNK, at);
    if (count === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, count));
    at += count;
  }
}

/** Reads rows of shard files; at most one row of memory beyond the caller's buffer. */
export class ShardReader {
  readonly #folder: string;
  readonly #rowBytes: number;
  readonly #perShard: number;
  readonly #handles: (number | undefined)[] = [];

  /**
   * Opens and verifies the shards.
   *
   * @throws OAL-I103 when a shard is missing, of another length, or its hash differs
   */
  constructor(folder: string, rowBytes: number, shards: readonly ShardFile[]) {
    this.#folder = folder;
    this.#rowBytes = rowBytes;
    this.#perShard = rowsPerShard(rowBytes);
    for (const { file, rows, sha256 } of shards) {
      const path = join(folder, file);
      if (!existsSync(path)) throw oalError("OAL-I103", { path, problem: "the file is missing" });
      const { size } = statSync(path);
      if (size !== rows * rowBytes) {
        throw oalError("OAL-I103", { path, problem: `it has ${size} bytes instead of ${rows * rowBytes}` });
      }
      const handle = openSync(path, "r");
      const intact = hashOfHandle(handle) === sha256;
      closeSync(handle);
      if (!intact) throw oalError("OAL-I103", { path, problem: "its SHA-256 differs from the recorded one" });
    }
  }

  /** Reads `count` consecutive rows to `out` at byte `offset`. */
  read(row: number, count: number, out: Uint8Array, offset: number): void {
    let done = 0;
    while (done < count) {
      const shard = Math.floor((row + done) / this.#perShard);
      const within = row + done - shard * this.#perShard;
      const rows = Math.min(count - done, this.#perShard - within);
      const bytes = rows * this.#rowBytes;
      const got = readSync(
        this.#handle(shard),
        out,
        offset + done * this.#rowBytes,
        bytes,
        within * this.#rowBytes,
      );
      if (got !== bytes) {
        throw oalError("OAL-I103", {
          path: join(this.#folder, shardName(shard)),
          problem: "it became shorter while in use",
        });
      }
      done += rows;
    }
  }

  /** Closes the files; a later read opens them again. */
  close(): void {
    for (const handle of this.#handles) if (handle !== undefined) closeSync(handle);
    this.#handles.length = 0;
  }

  #handle(shard: number): number {
    return (this.#handles[shard] ??= openSync(join(this.#folder, shardName(shard)), "r"));
  }
}
