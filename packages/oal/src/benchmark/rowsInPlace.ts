/** Rows of numbers in files, each at the place of its image: written in any order, with a record of those that are there. */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { oalError, type RowSource } from "oal-core";
import { writeAll } from "../data/shards.js";

/** Rows after which what was written is safe on the disk. */
const rowsPerRecord = 512;

/** The name of the record. */
export const recordName = "done";

/** The file of a tap's rows. */
export function rowPath(folder: string, name: string): string {
  return join(folder, `${name}.f32`);
}

/** The rows that are there, from the record; a record that was cut short ends before its last whole number. */
export function rowsThere(folder: string): Set<number> {
  try {
    const bytes = readFileSync(join(folder, recordName));
    const count = Math.floor(bytes.length / 4);
    return new Set(Array.from({ length: count }, (_, i) => bytes.readUInt32LE(4 * i)));
  } catch {
    return new Set();
  }
}

/**
 * Rows at their places in one file per tap, and the record of those that are there. The record names a row only once all of it is on the
 * disk: a full disk takes part of a write, and a sync that failed says nothing of what was written before it.
 */
export class RowWriter {
  readonly #files: readonly { readonly handle: number; readonly width: number }[];
  readonly #record: number;
  /** Bytes of the record that are its whole numbers. */
  #recorded: number;
  #pending: number[] = [];

  constructor(folder: string, count: number, widths: readonly (readonly [name: string, width: number])[]) {
    let wereWhole = true;
    this.#files = widths.map(([name, width]) => {
      const handle = openSync(rowPath(folder, name), constants.O_RDWR | constants.O_CREAT);
      if (fstatSync(handle).size !== 4 * count * width) wereWhole = false;
      ftruncateSync(handle, 4 * count * width);
      return { handle, width };
    });
    this.#record = openSync(join(folder, recordName), constants.O_RDWR | constants.O_CREAT);
    // what a file lacked is zeros now, whatever the record says; one that was cut inside a number goes on behind its last whole one
    this.#recorded = wereWhole ? 4 * Math.floor(fstatSync(this.#record).size / 4) : 0;
    ftruncateSync(this.#record, this.#recorded);
  }

  write(
    indices: readonly number[],
    rows: readonly { readonly data: Float32Array; readonly width: number }[],
  ): void {
    rows.forEach(({ data, width }, k) => {
      const handle = this.#files[k]?.handle ?? -1;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let i = 0; i < indices.length;) {
        const first = indices[i] ?? 0;
        let run = 1;
        while (i + run < indices.length && indices[i + run] === first + run) run++;
        writeAll(handle, bytes.subarray(4 * i * width, 4 * (i + run) * width), 4 * first * width);
        i += run;
      }
    });
    this.#pending.push(...indices);
    if (this.#pending.length >= rowsPerRecord) this.#keep();
  }

  /** The record follows the rows: what it names is on the disk. What cannot be kept is forgotten, to be computed again. */
  #keep(): void {
    const indices = this.#pending;
    this.#pending = [];
    if (indices.length === 0) return;
    for (const { handle } of this.#files) fdatasyncSync(handle);
    const bytes = Buffer.alloc(4 * indices.length);
    indices.forEach((index, i) => bytes.writeUInt32LE(index, 4 * i));
    writeAll(this.#record, bytes, this.#recorded);
    this.#recorded += bytes.length;
  }

  /** Completes the record and closes the files; these also where the disk takes no more. */
  close(): void {
    try {
      this.#keep();
    } finally {
      for (const { handle } of this.#files) closeSync(handle);
      closeSync(this.#record);
    }
  }
}

/** float32 rows of a file, read in parts. */
export class RowFile implements RowSource {
  readonly count: number;
  readonly width: number;
  readonly #path: string;
  #handle: number | undefined;

  constructor(path: string, count: number, width: number) {
    this.#path = path;
    this.count = count;
    this.width = width;
  }

  read(start: number, end: number): Float32Array {
    this.#handle ??= openSync(this.#path, "r");
    const rows = new Float32Array((end - start) * this.width);
    const bytes = new Uint8Array(rows.buffer);
    for (let at = 0; at < bytes.length;) {
      const got = readSync(this.#handle, bytes, at, bytes.length - at, 4 * start * this.width + at);
      if (got === 0) throw oalError("OAL-I103", { path: this.#path, problem: "it is shorter than its rows" });
      at += got;
    }
    return rows;
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}
