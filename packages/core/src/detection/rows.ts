/**
 * Rows of numbers that may be more than memory holds: features of a training set, the bank of a neighbour detector. Core keeps
 * them in memory; the Node package in files.
 */
import { expectArguments, kinds, oalError } from "../errors/index.js";

/** float32 [count, width], read in parts. */
export interface RowSource {
  readonly count: number;
  /** Numbers per row. */
  readonly width: number;
  /** Rows start to end (exclusive), flat; valid until the next call. */
  read(start: number, end: number): Float32Array;
}

/** Takes rows in order. */
export interface RowSink {
  /** Adds rows, flat [n, width]; they are copied. */
  append(rows: Float32Array): void;
  /** Everything that was added. */
  finish(): RowSource;
}

/** Where rows are kept: makes a sink for rows of a width, under a name. */
export type RowKeeper = (name: string, width: number) => RowSink;

/** A source as an argument. */
export const aRowSource = kinds.fields({
  count: kinds.count,
  width: kinds.count,
  read: kinds.callback,
});

/**
 * Rows in memory.
 *
 * @param data  flat [count, width]
 * @throws OAL-E104 when the data is no whole number of rows
 */
export function memoryRows(data: Float32Array, width: number): RowSource {
  expectArguments("memoryRows", { data: [data, kinds.float32], width: [width, kinds.positiveCount] });
  const count = data.length / width;
  if (!Number.isInteger(count))
    throw oalError("OAL-E104", {
      what: "rows",
      expected: `a multiple of ${width}`,
      found: String(data.length),
    });
  return { count, width, read: (start, end) => data.subarray(start * width, end * width) };
}

/** Keeps rows in memory. */
export const keepInMemory: RowKeeper = (_name, width) => {
  const parts: Float32Array[] = [];
  return {
    append: (rows) => void parts.push(rows.slice()),
    finish() {
      const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        data.set(part, at);
        at += part.length;
      }
      parts.length = 0;
      return memoryRows(data, width);
    },
  };
};

/** All rows of a source, copied. @throws RangeError where they do not fit into memory */
export function allRows(source: RowSource): Float32Array {
  expectArguments("allRows", { source: [source, aRowSource] });
  return source.read(0, source.count).slice();
}

/** Some rows of a source, in the order given. */
export function gatherRows(source: RowSource, rows: readonly number[]): Float32Array {
  expectArguments("gatherRows", { source: [source, aRowSource], rows: [rows, kinds.sizes] });
  const { width } = source;
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => out.set(source.read(row, row + 1), i * width));
  return out;
}
