/** Rows kept while they come: on a disk that takes half of what it is given, and where whoever wrote was stopped at the worst moment. */
import type * as Fs from "node:fs";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { RowFile, rowPath, rowsThere, RowWriter } from "./rowsInPlace.js";

/** Bytes that the disk takes of a single write, and whether it takes none any more. */
const disk = vi.hoisted(() => ({ takes: Infinity, isFull: false }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  return {
    ...fs,
    writeSync(
      handle: number,
      bytes: Uint8Array,
      offset: number,
      length: number,
      position: number | null,
    ): number {
      if (disk.isFull) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
      return fs.writeSync(handle, bytes, offset, Math.min(length, disk.takes), position);
    },
  };
});

const root = mkdtempSync(join(tmpdir(), "oal-rows-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const widths = [
  ["logits", 2],
  ["features", 3],
] as const;
const count = 8;

/** Rows whose numbers say which image and place they are of; none is 0. */
const rowsOf = (indices: readonly number[]): { data: Float32Array; width: number }[] =>
  widths.map(([, width]) => ({
    width,
    data: Float32Array.from(
      indices.flatMap((index) => Array.from({ length: width }, (_, k) => 10 * (index + 1) + k)),
    ),
  }));
const write = (writer: RowWriter, indices: readonly number[]): void => writer.write(indices, rowsOf(indices));
const read = (folder: string, name: string, width: number): number[] => {
  const file = new RowFile(rowPath(folder, name), count, width);
  const rows = Array.from(file.read(0, count));
  file.close();
  return rows;
};
const every = Array.from({ length: count }, (_, i) => i);

test("a disk that takes part of a write is given the rest", () => {
  const folder = mkdtempSync(join(root, "part-"));
  disk.takes = 5;
  const writer = new RowWriter(folder, count, widths);
  write(writer, [0, 1, 2, 5, 6]);
  write(writer, [3, 4, 7]);
  writer.close();
  disk.takes = Infinity;
  expect([...rowsThere(folder)]).toEqual([0, 1, 2, 5, 6, 3, 4, 7]);
  const expected = rowsOf(every);
  widths.forEach(([name, width], k) =>
    expect(read(folder, name, width)).toEqual(Array.from(expected[k]?.data ?? [])),
  );
});

test("rows that a full disk refused are not recorded, and those before them are", () => {
  const folder = mkdtempSync(join(root, "full-"));
  const writer = new RowWriter(folder, count, widths);
  write(writer, [0, 1]);
  disk.isFull = true;
  expect(() => write(writer, [2, 3])).toThrow("ENOSPC");
  disk.isFull = false;
  writer.close();
  expect([...rowsThere(folder)]).toEqual([0, 1]);
});

test("a record that was cut inside a number goes on behind its last whole one", () => {
  const folder = mkdtempSync(join(root, "cut-"));
  const first = new RowWriter(folder, count, widths);
  write(first, [4, 5]);
  first.close();
  appendFileSync(join(folder, "done"), Buffer.of(7));
  const second = new RowWriter(folder, count, widths);
  write(second, [6]);
  second.close();
  expect([...rowsThere(folder)]).toEqual([4, 5, 6]);
  expect(readFileSync(join(folder, "done"))).toHaveLength(12);
});

test("a record is not believed where the rows are shorter than they were", () => {
  const folder = mkdtempSync(join(root, "short-"));
  const first = new RowWriter(folder, count, widths);
  write(first, every);
  first.close();
  truncateSync(rowPath(folder, "features"), 4);
  new RowWriter(folder, count, widths).close();
  expect(rowsThere(folder).size).toBe(0);
  expect(statSync(rowPath(folder, "features")).size).toBe(4 * count * 3);
});
