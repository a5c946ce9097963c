/** Rows in files are the rows that went in, whatever is read of them. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allRows, isOalError, Random, type RowSource } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { openRows, rowStore } from "./rowFiles.js";

const root = mkdtempSync(join(tmpdir(), "oal-rows-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Wide rows, so that three of them fill a file of 32 MB. */
const width = 2_700_000;

it("over several files, and what was in memory before goes with them", () => {
  const folder = join(root, "files");
  const store = rowStore(folder, 4 * width);
  const sink = store.keep("wide", width);
  const rows = Array.from({ length: 5 }, (_, i) => new Float32Array(width).fill(i));
  for (const row of rows) sink.append(row);
  const source = sink.finish();
  expect(readdirSync(folder)).toEqual(["wide-00000.f32", "wide-00001.f32"]);
  expect([source.count, source.width]).toEqual([5, width]);
  const middle = source.read(2, 5); // 3 rows a file
  expect([0, 1, 2].map((i) => [middle[i * width], middle[(i + 1) * width - 1]])).toEqual([
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
  store.close();
  const again = openRows(folder, "wide", store.written.get("wide") ?? { count: 0, width: 1 });
  expect(again.read(4, 5)[0]).toBe(4);
  truncateSync(join(folder, "wide-00001.f32"), 10);
  try {
    again.read(3, 4);
    expect.unreachable();
  } catch (error) {
    expect(isOalError(error, "OAL-I103")).toBe(true);
  }
  store.close();
});

it("few of them stay in memory, and no folder is made", () => {
  const folder = join(root, "memory");
  const store = rowStore(folder, 1000);
  const values = new Random(1, "rows").normals(0, 12);
  const sink = store.keep("few", 4);
  const batch = values.slice(0, 8);
  sink.append(batch);
  batch.fill(0); // a batch is used again by who made it
  sink.append(values.slice(8));
  expect(allRows(sink.finish())).toEqual(values);
  expect(store.written.size).toBe(0);
  expect(() => readdirSync(folder)).toThrow("ENOENT");
});

it("files of rows that nobody reads any more are removed, others stay, and the store goes on", async () => {
  const folder = join(root, "cleared");
  const store = rowStore(folder, 0);
  const kept = (name: string, value: number): RowSource => {
    const sink = store.keep(name, 2);
    sink.append(Float32Array.of(value, value));
    return sink.finish();
  };
  kept("knn.bank", 1).read(0, 1);
  writeFileSync(join(folder, "knn.bank-notes.txt"), "");
  await store.clear();
  expect(readdirSync(folder)).toEqual(["knn.bank-notes.txt"]);
  expect(store.written.size).toBe(0);
  expect(allRows(kept("knn.bank", 2))).toEqual(Float32Array.of(2, 2));
  store.close();
});
