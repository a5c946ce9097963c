/** Shard files: fixed-size rows of bytes in files of about 32 MB, hashed, read by position without loading a file. */
import { readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { readableFiles, writableFiles, type FileHandles } from "./fileHandles.js";
import { sha256OfFile, type FileHashes, type HashOptions } from "./fileHashes.js";

const SHARD_BYTES = 32 * 2 ** 20;

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
  readonly #files: FileHandles;

  /** @param rows  number of rows in all; rows never written are zero */
  constructor(folder: string, rowBytes: number, rows: number) {
    this.#folder = folder;
    this.#rowBytes = rowBytes;
    this.#rows = rows;
    this.#perShard = rowsPerShard(rowBytes);
    this.#files = writableFiles((shard) => join(folder, shardName(shard)));
  }

  /** Writes one row of `rowBytes` bytes. */
  write(row: number, bytes: Uint8Array): void {
    const shard = Math.floor(row / this.#perShard);
    writeAll(this.#files.at(shard), bytes, (row - shard * this.#perShard) * this.#rowBytes);
  }

  /** Completes, closes and hashes all shards. */
  async finish(options: HashOptions = {}): Promise<ShardFile[]> {
    const rowsOf: number[] = [];
    for (let shard = 0; shard * this.#perShard < this.#rows; shard++) {
      const rows = Math.min(this.#perShard, this.#rows - shard * this.#perShard);
      const handle = this.#files.at(shard);
      // The last byte gives a shard its full length even when its last rows were never written.
      const last = new Uint8Array(1);
      if (readSync(handle, last, 0, 1, rows * this.#rowBytes - 1) === 0)
        writeAll(handle, last, rows * this.#rowBytes - 1);
      rowsOf.push(rows);
    }
    this.close();
    const shards: ShardFile[] = [];
    for (const [shard, rows] of rowsOf.entries()) {
      const file = shardName(shard);
      shards.push({ file, rows, sha256: await sha256OfFile(join(this.#folder, file), options) });
    }
    return shards;
  }

  /** Closes the files; also after a failure. */
  close(): void {
    this.#files.close();
  }
}

/**
 * Writes all bytes to an open file, however many a single call takes.
 *
 * @param position  where they begin; null: where the file is, or behind its end if it was opened for appending
 * @throws the system's error, on a full disk too
 */
export function writeAll(handle: number, bytes: Uint8Array, position: number | null): void {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    done += writeSync(handle, bytes, done, bytes.length - done, at);
  }
}

/**
 * Compares the hash of every shard with the recorded one.
 *
 * @param hashes  remembers files that were hashed before
 * @throws OAL-I103 when a shard is missing, of another length, or its hash differs
 */
export async function verifyShards(
  folder: string,
  rowBytes: number,
  shards: readonly ShardFile[],
  hashes: FileHashes,
  options: HashOptions = {},
): Promise<void> {
  refuseIncomplete(folder, rowBytes, shards);
  for (const { file, sha256 } of shards) {
    options.signal?.throwIfAborted();
    const path = join(folder, file);
    if ((await hashes.of(path, options)) !== sha256)
      throw oalError("OAL-I103", { path, problem: "its SHA-256 differs from the recorded one" });
  }
}

function refuseIncomplete(folder: string, rowBytes: number, shards: readonly ShardFile[]): void {
  for (const { file, rows } of shards) {
    const path = join(folder, file);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found?.isFile()) throw oalError("OAL-I103", { path, problem: "the file is missing" });
    if (found.size !== rows * rowBytes) {
      const problem = `it has ${found.size} bytes instead of ${rows * rowBytes}`;
      throw oalError("OAL-I103", { path, problem });
    }
  }
}

/** Reads rows of shard files; at most one row of memory beyond the caller's buffer. */
export class ShardReader {
  readonly #folder: string;
  readonly #rowBytes: number;
  readonly #perShard: number;
  readonly #files: FileHandles;

  /**
   * Opens the shards; `verifyShards` tells whether their content is what was written.
   *
   * @throws OAL-I103 when a shard is missing or of another length
   */
  constructor(folder: string, rowBytes: number, shards: readonly ShardFile[]) {
    this.#folder = folder;
    this.#rowBytes = rowBytes;
    this.#perShard = rowsPerShard(rowBytes);
    this.#files = readableFiles((shard) => join(folder, shardName(shard)));
    refuseIncomplete(folder, rowBytes, shards);
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
        this.#files.at(shard),
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
    this.#files.close();
  }
}
