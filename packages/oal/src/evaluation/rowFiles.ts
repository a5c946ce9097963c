/** Rows of numbers in files: memory holds a bounded part of them, whatever there is. */
import { readSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { memoryRows, oalError, type RowKeeper, type RowSink, type RowSource } from "oal-core";
import { readableFiles, writableFiles, type FileHandles } from "../data/fileHandles.js";
import { rowsPerShard, writeAll } from "../data/shards.js";
import { makeFolderSync } from "../runtime/makeFolder.js";

/** Where rows are kept, and the files that it has open. */
export interface RowStore {
  readonly keep: RowKeeper;
  /** The names of what went into files, with their sizes: what `openRows` asks for. */
  readonly written: ReadonlyMap<string, RowsOnDisk>;
  /** Gives back file handles; a source that is read afterwards opens its files again. */
  close(): void;
  /** Removes the files that were written: of rows that nobody reads any more. */
  clear(): Promise<void>;
}

/** The sizes of rows that lie in files. */
export interface RowsOnDisk {
  readonly count: number;
  readonly width: number;
}

/**
 * Rows that a store has written to files.
 *
 * @param folder,name  as the store had them
 * @throws OAL-I103 on reading where a file is missing or too short
 */
export function openRows(folder: string, name: string, { count, width }: RowsOnDisk): RowSource {
  const files = new RowFiles(folder, name, width);
  files.count = count;
  return files.source();
}

/** Bytes up to which rows of one name stay in memory. */
export const rowsInMemory = 64 * 2 ** 20;

/**
 * Keeps rows in memory while there are few, and in files of about 32 MB ("NAME-00000.f32") from then on.
 *
 * @param folder  where files go; made when absent
 * @param memory  bytes of one name up to which no file is written
 */
export function rowStore(folder: string, memory = rowsInMemory): RowStore {
  const written = new Map<string, RowsOnDisk>();
  const open: FileHandles[] = [];
  const keep: RowKeeper = (name, width) => {
    const files = new RowFiles(folder, name, width);
    open.push(files.written, files.read);
    let held: Float32Array[] = [];
    let count = 0;
    const spill = (): void => {
      for (const part of held) files.append(part);
      held = [];
    };
    const sink: RowSink = {
      append(rows) {
        held.push(rows.slice());
        count += rows.length / width;
        if (files.count > 0 || 4 * count * width > memory) spill();
      },
      finish() {
        if (files.count === 0) return memoryRows(joined(held), width);
        written.set(name, { count, width });
        return files.source();
      },
    };
    return sink;
  };
  return {
    keep,
    written,
    close() {
      for (const files of open) files.close();
    },
    async clear() {
      for (const files of open.splice(0)) files.close();
      const names = [...written.keys()];
      written.clear();
      const own = names.length === 0 ? [] : await readdir(folder).catch((): string[] => []);
      const isOf = (file: string): boolean =>
        names.some((name) => file.startsWith(`${name}-`) && /^\d{5}\.f32$/.test(file.slice(name.length + 1)));
      for (const file of own.filter(isOf)) await rm(join(folder, file), { force: true });
    },
  };
}

/**
 * The most bytes that a store will hold of several sets of rows, while one is joined too.
 *
 * @param all rows of all sets together
 * @param sets how many there are
 * @param widths of the names of one set
 */
export function heldOfRows(all: number, sets: number, widths: readonly number[]): number {
  const copies = 2;
  return widths.reduce((sum, width) => sum + Math.min(copies * 4 * all * width, sets * rowsInMemory), 0);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

/** Rows of one name: appended to numbered files, then read by position. */
class RowFiles {
  count = 0;
  readonly written: FileHandles;
  readonly read: FileHandles;
  readonly #folder: string;
  readonly #name: string;
  readonly #width: number;
  readonly #perFile: number;

  constructor(folder: string, name: string, width: number) {
    this.#folder = folder;
    this.#name = name;
    this.#width = width;
    this.#perFile = rowsPerShard(4 * width);
    this.written = writableFiles((file) => this.#path(file));
    this.read = readableFiles((file) => this.#path(file));
  }

  #path(file: number): string {
    return join(this.#folder, `${this.#name}-${String(file).padStart(5, "0")}.f32`);
  }

  append(rows: Float32Array): void {
    makeFolderSync(this.#folder);
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    for (const { file, position, from, to } of this.#parts(
      this.count,
      this.count + rows.length / this.#width,
    )) {
      writeAll(this.written.at(file), bytes.subarray(from, to), position);
    }
    this.count += rows.length / this.#width;
  }

  source(): RowSource {
    this.written.close();
    const { count } = this;
    const width = this.#width;
    return {
      count,
      width,
      read: (start, end) => {
        const rows = new Float32Array((end - start) * width);
        const bytes = new Uint8Array(rows.buffer);
        for (const { file, position, from, to } of this.#parts(start, end)) {
          if (readSync(this.#opened(file), bytes, from, to - from, position) !== to - from)
            throw oalError("OAL-I103", { path: this.#path(file), problem: "it is shorter than its rows" });
        }
        return rows;
      },
    };
  }

  #opened(file: number): number {
    try {
      return this.read.at(file);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw oalError("OAL-I103", { path: this.#path(file), problem }, error);
    }
  }

  /** What lies in which file: bytes `from` to `to` of the rows asked for, at `position` of the file. */
  *#parts(
    start: number,
    end: number,
  ): Generator<{
    readonly file: number;
    readonly position: number;
    readonly from: number;
    readonly to: number;
  }> {
    const rowBytes = 4 * this.#width;
    for (let row = start; row < end;) {
      const file = Math.floor(row / this.#perFile);
      const stop = Math.min(end, (file + 1) * this.#perFile);
      const position = (row - file * this.#perFile) * rowBytes;
      yield { file, position, from: (row - start) * rowBytes, to: (stop - start) * rowBytes };
      row = stop;
    }
  }
}
