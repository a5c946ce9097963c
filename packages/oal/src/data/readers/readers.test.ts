import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { OalError } from "oal-core";
import { afterAll, expect, test } from "vitest";
import { foreignLabel } from "../labels.js";
import { readerOf } from "./index.js";
import type { SourceItem, SourceSpec } from "./reader.js";

const root = mkdtempSync(join(tmpdir(), "oal-readers-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A zip file of deflated members. */
function zip(files: Record<string, Uint8Array>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

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

test("zip: members in place; a damaged member is reported, a damaged archive is an error", async () => {
  const path = join(root, "set.zip");
  const bytes = zip({
    "in/a/1.png": Buffer.from("first"),
    "in/b/2.png": Buffer.from("second"),
    "in/b/notes.txt": Buffer.from("x"),
  });
  writeFileSync(path, bytes);
  const { reader, classes, items } = await readAll({ path });
  expect([reader, classes]).toEqual(["zipArchive", ["a", "b"]]);
  expect(items.map((i) => ("bytes" in i ? Buffer.from(i.bytes).toString() : i))).toEqual(["first", "second"]);
  const wrong = Buffer.from(bytes);
  const at = wrong.indexOf("PK\x01\x02", 0, "latin1") + 16;
  wrong.writeUInt32LE(1, at);
  writeFileSync(path, wrong);
  const damaged = await readAll({ path });
  expect(damaged.items.map((i) => "problem" in i)).toEqual([true, false]);
  writeFileSync(path, bytes.subarray(0, 60));
  expect(await codeOf({ path })).toBe("OAL-D109");
});

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
