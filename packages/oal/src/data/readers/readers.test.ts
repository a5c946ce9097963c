import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OalError } from "oal-core";
import { afterAll, expect, test } from "vitest";
import { foreignLabel } from "../labels.js";
import { readerOf } from "./index.js";
import type { SourceItem, SourceSpec } from "./reader.js";

const root = mkdtempSync(join(tmpdir(), "oal-readers-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** An IDX file of bytes. */
function idxFile(extents: number[], data: number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * extents.length);
  header.writeUInt32BE(0x800 + extents.length);
  extents.forEach((extent, i) => header.writeUInt32BE(extent, 4 + 4 * i));
  return Buffer.concat([header, Buffer.from(data)]);
}

async function readAll(
  spec: Omit<SourceSpec, "name">,
): Promise<{ reader: string; classes: readonly string[]; items: SourceItem[] }> {
  const full = { name: "set", ...spec };
  const reader = await readerOf(full);
  expect(await reader.fingerprint(full)).toBe(await reader.fingerprint(full));
  const source = await reader.open(full);
  const { labels, classNames } = source;
  const wrong = full.labels === "ood" ? undefined : foreignLabel(labels, classNames.length, String);
  if (wrong) throw wrong;
  const items: SourceItem[] = [];
  for await (const item of source.read(new Set(source.ids.keys()))) items.push(item);
  items.sort((a, b) => a.position - b.position);
  expect(items.map((i) => i.id)).toEqual(source.ids);
  expect(items.map((i) => i.label)).toEqual(Array.from(source.labels));
  return { reader: reader.id, classes: source.classNames, items };
}

async function codeOf(spec: Omit<SourceSpec, "name">): Promise<string> {
  const error: unknown = await readAll(spec).then(
    () => undefined,
    (e: unknown) => e,
  );
  return error instanceof OalError ? error.code : String(error);
}

test("IDX: grey becomes three channels, labels lie beside", async () => {
  const folder = join(root, "idx");
  mkdirSync(folder);
  writeFileSync(join(folder, "t10k-images-idx3-ubyte.gz"), gzipSync(idxFile([2, 1, 2], [1, 2, 3, 4])));
  expect(await codeOf({ path: folder })).toBe("OAL-D106");
  writeFileSync(join(folder, "t10k-labels-idx1-ubyte"), idxFile([2], [1, 0]));
  const { reader, classes, items } = await readAll({ path: folder });
  expect([reader, classes]).toEqual(["idx", ["0", "1"]]);
  expect(items.map((i) => i.label)).toEqual([1, 0]);
  expect(items.map((i) => ("pixels" in i ? Array.from(i.pixels.data) : i))).toEqual([
    [1, 1, 1, 2, 2, 2],
    [3, 3, 3, 4, 4, 4],
  ]);
  expect((await readAll({ path: folder, labels: "ood" })).items[0]?.label).toBe(-1);
  expect(await codeOf({ path: folder, classes: ["zero"] })).toBe("OAL-D108");
  expect(await codeOf({ path: folder, split: "train", kind: "idx" })).toBe("OAL-D103");
  writeFileSync(join(folder, "train-images-idx3-ubyte"), idxFile([2, 1, 2], [1, 2, 3]));
  expect(await codeOf({ path: folder })).toBe("OAL-D106");
  expect(await codeOf({ path: folder, split: "train" })).toBe("OAL-D109");
});

test("IDX: no more is expanded than the extents say, and bombs are refused", async () => {
  const folder = join(root, "idx-bombs");
  mkdirSync(folder);
  const path = join(folder, "train-images-idx3-ubyte.gz");
  const code = (): Promise<string> => codeOf({ path, labels: "ood" });
  const header = idxFile([2, 1, 2], []);
  writeFileSync(path, gzipSync(Buffer.concat([header, Buffer.alloc(5)])));
  expect(await code()).toBe("OAL-D109");
  const zeros = gzipSync(Buffer.alloc(2 ** 23));
  writeFileSync(path, Buffer.concat([gzipSync(header), ...Array.from({ length: 300 }, () => zeros)]));
  expect(await code()).toBe("OAL-D109");
  const large = gzipSync(idxFile([2 ** 31, 1, 1], []));
  writeFileSync(path, Buffer.concat([large, ...Array.from({ length: 300 }, () => zeros)]));
  expect(await code()).toBe("OAL-D130");
  writeFileSync(path, gzipSync(idxFile([2, 1, 2], [1, 2, 3, 4])).subarray(0, 25));
  expect(await code()).toBe("OAL-D109");
  rmSync(path);
  execFileSync("mkfifo", [path]);
  expect(await codeOf({ path, labels: "ood", kind: "idx" })).toBe("OAL-D103");
});

test("CIFAR binary: planes, class names, splits", async () => {
  const folder = join(root, "cifar");
  mkdirSync(folder);
  const row = (label: number[], red: number): Buffer => {
    const plane = (value: number): Buffer => Buffer.alloc(1024, value);
    return Buffer.concat([Buffer.from(label), plane(red), plane(50), plane(60)]);
  };
  writeFileSync(join(folder, "data_batch_1.bin"), Buffer.concat([row([1], 10), row([0], 20)]));
  writeFileSync(join(folder, "test_batch.bin"), row([1], 30));
  writeFileSync(join(folder, "batches.meta.txt"), "plane\ncar\n");
  const train = await readAll({ path: folder });
  expect([train.reader, train.classes, train.items.map((i) => i.label)]).toEqual([
    "cifarBinary",
    ["plane", "car"],
    [1, 0],
  ]);
  const [first] = train.items;
  expect(first && "pixels" in first ? Array.from(first.pixels.data.subarray(0, 4)) : first).toEqual([
    10, 50, 60, 10,
  ]);
  expect((await readAll({ path: folder, split: "test" })).items.map((i) => i.id)).toEqual(["test_batch/0"]);
  writeFileSync(join(folder, "test_batch.bin"), row([7], 30));
  expect(await codeOf({ path: folder, split: "test" })).toBe("OAL-D108");
  writeFileSync(join(folder, "test_batch.bin"), Buffer.alloc(100));
  expect(await codeOf({ path: folder, split: "test" })).toBe("OAL-D109");
  const hundred = join(root, "hundred");
  mkdirSync(hundred);
  writeFileSync(join(hundred, "train.bin"), row([3, 42], 1));
  expect((await readAll({ path: hundred })).items[0]?.label).toBe(42);
});
