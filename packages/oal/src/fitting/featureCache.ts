/**
 * What a model says of pictures, kept by content: a row of numbers for every picture, under the hash of the picture's bytes, in a folder
 * for the model and the way its pictures are made. What one fit computed, the next one finds, an interrupted one included.
 */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolderSync } from "../runtime/makeFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";

const magic = Buffer.from("oalrows1");
const hashBytes = 32;
const checkBytes = 8;
/** Rows of a file: what a fit that is interrupted loses at most. */
const rowsPerFile = 64;

/** A row's place. */
interface Place {
  readonly file: string;
  readonly offset: number;
  readonly check: string;
}

/** Rows by the hash of what they were computed from. */
export class FeatureCache {
  readonly #folder: string;
  readonly #width: number;
  readonly #places = new Map<string, Place>();
  #pending: { readonly hash: string; readonly row: Float32Array }[] = [];
  /** Why nothing can be kept; undefined as long as nothing was refused. */
  #refusal: string | undefined;

  /**
   * Opens or begins a cache.
   *
   * @param folder  holds the caches of all models; made when absent
   * @param key  of the model and of how pictures reach it: what every number of a row depends on beside the picture
   * @param width  numbers of a row
   */
  constructor(folder: string, key: string, width: number) {
    this.#folder = join(folder, key);
    this.#width = width;
    try {
      makeFolderSync(this.#folder);
      for (const name of readdirSync(this.#folder).sort()) if (name.endsWith(".rows")) this.#index(name);
    } catch (error) {
      this.#refusal = error instanceof Error ? error.message : String(error);
    }
  }

  /** Why the cache's folder takes nothing; undefined when it does. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** A row; undefined for one that is not there, or damaged. */
  get(hash: string): Float32Array | undefined {
    const place = this.#places.get(hash);
    if (!place) return undefined;
    const bytes = Buffer.alloc(4 * this.#width);
    try {
      readAt(join(this.#folder, place.file), bytes, place.offset);
    } catch {
      return undefined;
    }
    if (checkOf(bytes) !== place.check) return undefined;
    return new Float32Array(bytes.buffer, bytes.byteOffset, this.#width).slice();
  }

  /** Keeps a row; it is on disk after the next `flush`, or once enough of them have come together. */
  async add(hash: string, row: Float32Array): Promise<void> {
    this.#pending.push({ hash, row });
    if (this.#pending.length >= rowsPerFile) await this.flush();
  }

  /** Writes what is not yet on disk. A disk that takes nothing is told by `refusal`, and stops nothing. */
  async flush(): Promise<void> {
    const rows = this.#pending;
    this.#pending = [];
    if (rows.length === 0 || this.#refusal !== undefined) return;
    const head = Buffer.alloc(8);
    head.writeUInt32LE(rows.length, 0);
    head.writeUInt32LE(this.#width, 4);
    const numbers = rows.map(({ row }) => Buffer.from(row.buffer, row.byteOffset, row.byteLength));
    const index = rows.map(({ hash }, i) =>
      Buffer.concat([Buffer.from(hash, "hex"), Buffer.from(checkOf(numbers[i] ?? magic), "hex")]),
    );
    const name = `${randomBytes(8).toString("hex")}.rows`;
    try {
      await writeFileWhole(join(this.#folder, name), Buffer.concat([magic, head, ...index, ...numbers]));
      this.#index(name);
    } catch (error) {
      this.#refusal = error instanceof Error ? error.message : String(error);
    }
  }

  /** Removes everything that is kept of this model. */
  async clear(): Promise<void> {
    this.#places.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Notes the rows of a file; one that is no whole file of this width is passed over. */
  #index(name: string): void {
    const start = Buffer.alloc(magic.length + 8);
    const path = join(this.#folder, name);
    try {
      readAt(path, start, 0);
      const [count, width] = [start.readUInt32LE(magic.length), start.readUInt32LE(magic.length + 4)];
      if (!start.subarray(0, magic.length).equals(magic) || width !== this.#width || count > 4096) return;
      const entry = hashBytes + checkBytes;
      const index = Buffer.alloc(count * entry);
      readAt(path, index, start.length);
      for (let i = 0; i < count; i++) {
        const own = index.subarray(i * entry, (i + 1) * entry);
        const offset = start.length + index.length + i * 4 * width;
        const check = own.subarray(hashBytes).toString("hex");
        this.#places.set(own.subarray(0, hashBytes).toString("hex"), { file: name, offset, check });
      }
    } catch {
      // cut short: what it held is computed again
    }
  }
}

function checkOf(bytes: Uint8Array): string {
  return createHash("sha256")
    .update(bytes)
    .digest("hex")
    .slice(0, 2 * checkBytes);
}

/** Fills a buffer from a place in a file. @throws when the file ends before */
function readAt(path: string, into: Buffer, offset: number): void {
  const handle = openSync(path, "r");
  try {
    if (readSync(handle, into, 0, into.length, offset) < into.length)
      throw new Error("the file is too short");
  } finally {
    closeSync(handle);
  }
}
