import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError } from "oal-core";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { openImageSet, verifyImageSet } from "./cachedSet.js";
import { openFiles, readableFiles, writableFiles } from "./fileHandles.js";
import { FileHashes } from "./fileHashes.js";
import { memoryImageSet } from "./imageSet.js";
import { ShardReader, ShardWriter } from "./shards.js";
import { storeImageSet } from "./storeSet.js";

const root = mkdtempSync(join(tmpdir(), "oal-shards-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const hasProc = process.platform === "linux";

/** How many files below the folder this process has open. */
function openIn(folder: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}

/** As if so many milliseconds had passed. */
function later(milliseconds: number): void {
  const now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now + milliseconds);
}

test("files that were closed for others are opened again, with what was in them", () => {
  const folder = mkdtempSync(join(root, "handles-"));
  const path = (index: number): string => join(folder, String(index));
  writeFileSync(path(0), "what an earlier attempt left");
  const count = openFiles + 8;
  const writing = writableFiles(path);
  for (const text of ["a", "b"]) for (let i = 0; i < count; i++) writeFileSync(writing.at(i), text);
  if (hasProc) expect(openIn(folder)).toBe(openFiles);
  writing.close();
  const reading = readableFiles(path);
  for (let i = 0; i < count; i++) expect(readFileSync(reading.at(i), "utf8")).toContain("b");
  expect(readFileSync(path(0), "utf8")).not.toContain("earlier");
  if (hasProc) expect(openIn(folder)).toBe(openFiles);
  reading.close();
  if (hasProc) expect(openIn(folder)).toBe(0);
});

test.skipIf(!hasProc)("a set of more shards than may be open is written and read", () => {
  const folder = mkdtempSync(join(root, "many-"));
  // one row a shard; only its first byte is written, so that the files take no room
  const [rowBytes, rows] = [20 * 2 ** 20, openFiles + 4];
  const writer = new ShardWriter(folder, rowBytes, rows);
  for (let row = 0; row < rows; row++) writer.write(row, Uint8Array.of(row + 1));
  expect(openIn(folder)).toBe(openFiles);
  writer.close();
  const files = readdirSync(folder).sort();
  for (const file of files) truncateSync(join(folder, file), rowBytes);
  const reader = new ShardReader(
    folder,
    rowBytes,
    files.map((file) => ({ file, rows: 1, sha256: "" })),
  );
  const out = new Uint8Array(rowBytes);
  for (let row = 0; row < rows; row++) {
    reader.read(row, 1, out, 0);
    expect(out[0]).toBe(row + 1);
  }
  expect(openIn(folder)).toBe(openFiles);
  reader.close();
});

test("a file is hashed once, and again when its times changed or it was fresh", async () => {
  const folder = mkdtempSync(join(root, "hashes-"));
  const [path, record] = [join(folder, "a.bin"), join(folder, "record.json")];
  writeFileSync(path, "content");
  const truth = createHash("sha256").update("content").digest("hex");
  const fresh = new FileHashes(record);
  expect(await fresh.of(path)).toBe(truth);
  await fresh.save();
  expect(readdirSync(folder)).toEqual(["a.bin"]);
  later(5000);
  const settled = new FileHashes(record);
  expect(await settled.of(path)).toBe(truth);
  await settled.save();
  // a mark in the record shows whether the file was read
  writeFileSync(record, readFileSync(record, "utf8").replace(truth, "mark"));
  const bytes = vi.fn();
  expect(await new FileHashes(record).of(path, { onBytes: bytes })).toBe("mark");
  expect(bytes).toHaveBeenCalledWith(7);
  expect(await new FileHashes(record, { afresh: true }).of(path)).toBe(truth);
  utimesSync(path, 1, 1);
  expect(await new FileHashes(record).of(path)).toBe(truth);
  writeFileSync(record, "no record");
  expect(await new FileHashes(record).of(path)).toBe(truth);
  const nowhere = new FileHashes(join(path, "record.json"));
  expect(await nowhere.of(path)).toBe(truth);
  await nowhere.save();
});

test("hashing stops when asked to", async () => {
  const path = join(root, "large.bin");
  writeFileSync(path, new Uint8Array(3 * 2 ** 20));
  const stop = new AbortController();
  let done = 0;
  const hashing = new FileHashes(join(root, "none.json")).of(path, {
    signal: stop.signal,
    onBytes: (count) => {
      done += count;
      stop.abort();
    },
  });
  await expect(hashing).rejects.toThrow("aborted");
  expect(done).toBe(2 ** 20);
});

test("opening a set reads no shard; verifying it finds one changed byte", async () => {
  const folder = mkdtempSync(join(root, "set-"));
  const pixels = new Uint8Array(4 * 48).map((_, i) => i);
  await storeImageSet(memoryImageSet("four", pixels, [0, 1, 0, 1], ["a", "b"]), folder);
  later(5000);
  expect(await verifyImageSet(folder)).toEqual({ name: "four", bytes: pixels.length });
  expect(readdirSync(folder).sort()).toEqual(["set.json", "shard-000.bin", "verified.json"]);
  const shard = join(folder, "shard-000.bin");
  const bytes = readFileSync(shard);
  bytes[5] = 99;
  writeFileSync(shard, bytes);
  expect(openImageSet(folder).read([0])[5]).toBe(99);
  const error: unknown = await verifyImageSet(folder).catch((thrown: unknown) => thrown);
  expect(isOalError(error, "OAL-I103") && error.details.path).toBe(shard);
  truncateSync(shard, 5);
  expect(() => openImageSet(folder)).toThrow("5 bytes instead of 192");
});

test("what decayed on the disk without another time is found by a check that reads all, and known to the next", async () => {
  const folder = mkdtempSync(join(root, "decayed-"));
  const [shard, record] = [join(folder, "shard-000.bin"), join(folder, "verified.json")];
  await storeImageSet(memoryImageSet("two", new Uint8Array(2 * 12), [0, 1], ["a", "b"]), folder);
  later(5000);
  await verifyImageSet(folder);
  const intact = /"sha256":"(\w+)"/.exec(readFileSync(record, "utf8"))?.[1] ?? "";
  writeFileSync(shard, new Uint8Array(2 * 12).fill(1));
  const decayed = new FileHashes(record);
  const now = await decayed.of(shard);
  await decayed.save();
  writeFileSync(record, readFileSync(record, "utf8").replace(now, intact));
  await verifyImageSet(folder);
  await expect(verifyImageSet(folder, { afresh: true })).rejects.toMatchObject({ code: "OAL-I103" });
  await expect(verifyImageSet(folder)).rejects.toMatchObject({ code: "OAL-I103" });
});
