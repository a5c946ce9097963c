import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { OalError } from "oal-core";
import { afterAll, expect, test } from "vitest";
import { tarBody, tarBytes, type TarMember, zipBytes, type ZipMember } from "../../testing/archives.js";
import { readerOf } from "../readers/index.js";
import type { SourceSpec } from "../readers/reader.js";

const root = mkdtempSync(join(tmpdir(), "oal-archives-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Outcome {
  readonly reader: string;
  /** Text of every picture, or why there is none, by its id. */
  readonly pictures: Record<string, string>;
  readonly skipped: Record<string, number>;
  readonly problems: readonly string[];
}

async function outcomeOf(path: string, more: Partial<SourceSpec> = {}): Promise<Outcome> {
  const spec: SourceSpec = { name: "set", labels: "ood", path, ...more };
  const reader = await readerOf(spec);
  const source = await reader.open(spec);
  const read = new Map<string, string>();
  for await (const item of source.read(new Set(source.ids.keys()))) {
    expect(item.id).toBe(source.ids[item.position]);
    expect(read.has(item.id)).toBe(false);
    read.set(
      item.id,
      "bytes" in item ? Buffer.from(item.bytes).toString() : "problem" in item ? `! ${item.problem}` : "?",
    );
  }
  expect([...read.keys()].sort()).toEqual([...source.ids].sort());
  const pictures = Object.fromEntries(source.ids.map((id) => [id, read.get(id) ?? ""]));
  return {
    reader: reader.id,
    pictures,
    skipped: Object.fromEntries(source.skipped ?? []),
    problems: (source.problems ?? []).map(({ code }) => code),
  };
}

let written = 0;
function file(bytes: Uint8Array, ending: string): string {
  const path = join(root, `${written++}.${ending}`);
  writeFileSync(path, bytes);
  return path;
}

const picturesIn = async (bytes: Uint8Array, ending: string): Promise<Record<string, string>> =>
  (await outcomeOf(file(bytes, ending))).pictures;
const inTar = (members: readonly TarMember[]): Promise<Record<string, string>> =>
  picturesIn(tarBytes(members), "tar");
const inZip = (members: readonly ZipMember[]): Promise<Record<string, string>> =>
  picturesIn(zipBytes(members), "zip");

async function errorOf(bytes: Uint8Array, ending: string): Promise<string> {
  const error: unknown = await picturesIn(bytes, ending).then(
    () => undefined,
    (e: unknown) => e,
  );
  return error instanceof OalError
    ? `${error.code} ${error.message.replaceAll(`${root}/`, "")}`
    : String(error);
}

/** Bytes that cannot be compressed. */
const noise = (count: number): Buffer =>
  createHash("shake256", { outputLength: count }).update("noise").digest();

test("tar: links to members are what they link to; links that lead nowhere or outside are bad files", async () => {
  writeFileSync(join(root, "secret.png"), "not yours");
  const pictures = await inTar([
    { name: "a/1.png", body: "one" },
    { name: "a/hard.png", type: "1", target: "a/1.png" },
    { name: "a/soft.png", type: "2", target: "1.png" },
    { name: "a/chain.png", type: "2", target: "../b/again.png" },
    { name: "b/again.png", type: "2", target: "../a/./soft.png" },
    { name: "c", type: "2", target: "a" },
    { name: "b/loop.png", type: "2", target: "pool.png" },
    { name: "b/pool.png", type: "2", target: "loop.png" },
    { name: "b/out.png", type: "2", target: "../../secret.png" },
    { name: "b/absolute.png", type: "2", target: join(root, "secret.png") },
    { name: "b/broken.png", type: "2", target: "nothing.png" },
    { name: "b/early.png", type: "1", target: "b/late.png" },
    { name: "b/late.png", body: "late" },
    { name: "b/up", type: "2", target: ".." },
  ]);
  const {
    "b/loop.png": loop,
    "b/pool.png": pool,
    "b/out.png": out,
    "b/absolute.png": absolute,
    ...rest
  } = pictures;
  expect([loop, pool]).toEqual([
    expect.stringMatching(/^! a link to pool\.png, which leads back to itself$/),
    expect.stringMatching(/^! a link to loop\.png, which leads back to itself/),
  ]);
  expect(out).toMatch(/^! a link to \.\.\/\.\.\/secret\.png, which leads out of the archive/);
  expect(absolute).toMatch(/^! a link to \/.*secret\.png, which leads out of the archive/);
  expect(rest).toEqual({
    "a/1.png": "one",
    "a/chain.png": "one",
    "a/hard.png": "one",
    "a/soft.png": "one",
    "b/again.png": "one",
    "b/broken.png": expect.stringContaining("! a link to nothing.png, which the archive does not have"),
    "b/early.png": expect.stringContaining(
      "! a link to b/late.png, which the archive does not have before it",
    ),
    "b/late.png": "late",
  });
});

test("tar: a class folder may be a link, two classes that are one folder are refused", async () => {
  const real = [
    { name: "store/x/1.png", body: "one" },
    { name: "store/y/2.png", body: "two" },
  ];
  const links = [
    { name: "set/cat", type: "2", target: "../store/x" },
    { name: "set/dog", type: "2", target: "../store/y" },
  ];
  const path = file(tarBytes([...real, ...links]), "tar");
  expect((await outcomeOf(path, { labels: "class", split: "set" })).pictures).toEqual({
    "set/cat/1.png": "one",
    "set/dog/2.png": "two",
  });
  const twice = tarBytes([...real, ...links, { name: "set/fox", type: "2", target: "cat" }]);
  const doubled = await outcomeOf(file(twice, "tar"), { labels: "class", split: "set" });
  expect(doubled.problems).toEqual(["OAL-D120"]);
});

test("tar: long names, names in any bytes, names that would leave the archive, entries given twice", async () => {
  const long = `${"folder/".repeat(30)}long.png`;
  const pictures = await inTar([
    { name: "././@LongLink", type: "L", body: `${long}\0` },
    { name: long.slice(0, 100), body: "gnu" },
    { name: "short", pax: { path: "pax/ключ.png", comment: "no name" }, body: "pax" },
    { name: "1.png", prefix: "a/prefix", body: "ustar" },
    { name: Buffer.from("latin/\xe9.png", "latin1"), body: "latin" },
    { name: "./dot//2.png", body: "dot" },
    { name: "/absolute/3.png", body: "absolute" },
    { name: "../../up/4.png", body: "up" },
    { name: "x/../inside/5.png", body: "inside" },
    { name: "twice/6.png", body: "first" },
    { name: "twice/6.png", body: "second, longer" },
    { name: "././@LongLink", type: "K", body: `${long}\0` },
    { name: "linked/7.png", type: "2", target: "cut", pax: { linkpath: "../dot/2.png" } },
  ]);
  expect(pictures).toEqual({
    [long]: "gnu",
    "pax/ключ.png": "pax",
    "a/prefix/1.png": "ustar",
    "latin/\\xe9.png": "latin",
    "dot/2.png": "dot",
    "absolute/3.png": "absolute",
    "up/4.png": "up",
    "inside/5.png": "inside",
    "twice/6.png": "second, longer",
    "linked/7.png": "dot",
  });
  const path = file(tarBytes([{ name: "a.png" }, { name: "a.png" }]), "tar");
  expect((await outcomeOf(path)).skipped).toEqual({ "replaced by a later entry of its name": 1 });
});

test("tar: devices, pipes and sparse files are bad where they are named as pictures", async () => {
  const path = file(
    tarBytes([
      { name: "a/good.png", body: "good" },
      { name: "a/pipe.png", type: "6" },
      { name: "a/disk.png", type: "4" },
      { name: "a/null", type: "3" },
      { name: "a/odd.png", type: "Z", body: "odd" },
      { name: "a/sparse.png", type: "S", body: "sparse" },
      { name: "a/holes", pax: { "GNU.sparse.major": "1", "GNU.sparse.name": "a/holes.png" }, body: "holes" },
      { name: "label", type: "V" },
      { name: "a/late.png", body: "late" },
    ]),
    "tar",
  );
  const { pictures, skipped } = await outcomeOf(path);
  expect(pictures).toEqual({
    "a/good.png": "good",
    "a/late.png": "late",
    "a/pipe.png": expect.stringMatching(/^! a named pipe, not a file/),
    "a/disk.png": expect.stringContaining("! a device, not a file"),
    "a/null": expect.stringContaining("! a device, not a file"),
    "a/odd.png": expect.stringContaining('! an entry of the unknown type "Z"'),
    "a/sparse.png": expect.stringContaining("! a sparse file, which is not read"),
    "a/holes.png": expect.stringContaining("! a sparse file, which is not read"),
  });
  expect(skipped).toEqual({});
});

test("tar: archives one after the other are one, padding and garbage after the end are left alone", async () => {
  const first = tarBytes([{ name: "a/1.png", body: "one" }]);
  const second = tarBytes([{ name: "a/2.png", body: "two" }]);
  const both = { "a/1.png": "one", "a/2.png": "two" };
  expect(await picturesIn(Buffer.concat([first, Buffer.alloc(8192), second]), "tar")).toEqual(both);
  expect(await picturesIn(Buffer.concat([first, Buffer.alloc(99)]), "tar")).toEqual({ "a/1.png": "one" });
  expect(await picturesIn(Buffer.concat([first, Buffer.alloc(700, "x")]), "tar")).toEqual({
    "a/1.png": "one",
  });
  expect(await picturesIn(Buffer.concat([gzipSync(first), gzipSync(second)]), "tgz")).toEqual(both);
  expect(await picturesIn(Buffer.concat([gzipSync(first), Buffer.alloc(512)]), "tgz")).toEqual({
    "a/1.png": "one",
  });
  const oneBlock = Buffer.concat([tarBody([{ name: "a/1.png", body: "one" }]), Buffer.alloc(512)]);
  expect(await picturesIn(oneBlock, "tar")).toEqual({ "a/1.png": "one" });
});

test("tar: what is cut off or damaged is told with its place", async () => {
  const body = tarBody([
    { name: "a/1.png", body: "one" },
    { name: "a/2.png", body: "x".repeat(2000) },
  ]);
  const cut = "is damaged: it is cut off at byte";
  expect(await errorOf(body, "tar")).toMatch(
    /^OAL-D109 \d+\.tar is damaged: it is cut off at byte 3584, after a\/2\.png/,
  );
  expect(await errorOf(body.subarray(0, 2100), "tar")).toContain(`${cut} 2100, after a/2.png`);
  expect(await errorOf(body.subarray(0, 1224), "tar")).toContain(`${cut} 1224, after a/1.png`);
  expect(await errorOf(gzipSync(body.subarray(0, 2100)), "tgz")).toContain(`${cut} 2100, after a/2.png`);
  const zipped = gzipSync(tarBytes([{ name: "a/1.png", body: noise(9000) }]));
  expect(await errorOf(zipped.subarray(0, 5000), "tar.gz")).toMatch(
    /is damaged: it is cut off at byte \d+, after a\/1\.png/,
  );
  zipped.fill(0xff, 4000, 4100);
  expect(await errorOf(zipped, "tar.gz")).toMatch(/its compressed bytes are wrong \(.*\) at byte \d+/);
  const flipped = Buffer.from(body);
  flipped.write("X", 1024 + 3);
  expect(await errorOf(flipped, "tar")).toContain("it has no valid entry at byte 1536, after a/1.png");
  expect(await errorOf(tarBytes([{ name: "a/1.png", size: 8 ** 10 }]), "tar")).toContain(
    "it is cut off at byte 1536, after a/1.png",
  );
  expect(await errorOf(Buffer.alloc(0), "tar")).toContain("is damaged: it is empty");
  expect(await errorOf(Buffer.from("<!DOCTYPE html>".repeat(99)), "tar")).toContain(
    "is damaged: it is no tar archive",
  );
  expect(await errorOf(tarBytes([]), "tar")).toMatch(/^OAL-D103 /);
  expect(await errorOf(tarBytes([{ name: "x", type: "x", body: "99 path=a.png\n" }]), "tar")).toContain(
    "an extended header is damaged",
  );
});

test("zip: names in UTF-8 with or without its flag, in code page 437, with an Info-ZIP path, with backslashes", async () => {
  const plain = Buffer.from("uni/?.png");
  const field = Buffer.concat([Buffer.alloc(9), Buffer.from("uni/ü.png")]);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(field.length - 4, 2);
  field[4] = 1;
  field.writeUInt32LE(crc32(plain), 5);
  const stale = Buffer.from(field);
  stale.writeUInt32LE(1, 5);
  const pictures = await inZip([
    { name: "utf/é1.png", flags: 0x800, body: "1" },
    { name: "utf/é2.png", body: "2" },
    { name: Buffer.from("cp/\x82\x9a.png", "latin1"), body: "3" },
    { name: plain, extra: field, body: "4" },
    { name: "stale/5.png", extra: stale, body: "5" },
    { name: "back\\slash\\6.png", body: "6" },
    { name: "unix\\7.png", mode: 0o100644, body: "7" },
  ]);
  expect(pictures).toEqual({
    "utf/é1.png": "1",
    "utf/é2.png": "2",
    "cp/éÜ.png": "3",
    "uni/ü.png": "4",
    "stale/5.png": "5",
    "back/slash/6.png": "6",
    "unix\\7.png": "7",
  });
});

test("zip: names that would leave the archive, entries given twice, links, folders", async () => {
  const bytes = zipBytes([
    { name: "/absolute/1.png", body: "1" },
    { name: "../../up/2.png", body: "2" },
    { name: "C:\\x\\..\\..\\..\\3.png", body: "3" },
    { name: "twice/4.png", body: "first" },
    { name: "twice/4.png", body: "second" },
    { name: "empty/", method: 0 },
    { name: "links/5.png", mode: 0o120777, body: "../up/2.png" },
    { name: "links/out.png", mode: 0o120777, body: "../../../etc/passwd" },
    { name: "links/pipe.png", mode: 0o010644 },
    { name: "linked", mode: 0o120777, method: 0, body: "up" },
    { name: "up/note.txt", mode: 0o100644 },
  ]);
  const { reader, pictures, skipped } = await outcomeOf(file(bytes, "zip"));
  expect(reader).toBe("zipArchive");
  expect(pictures).toEqual({
    "absolute/1.png": "1",
    "linked/2.png": "2",
    "3.png": "3",
    "twice/4.png": "second",
    "links/5.png": "2",
    "links/out.png": expect.stringMatching(/^! a link to .*passwd, which leads out of the archive/),
    "links/pipe.png": expect.stringContaining("! a device or pipe, not a file"),
  });
  expect(skipped).toMatchObject({ "replaced by a later entry of its name": 1 });
});

test("zip: passwords, methods that are not read, and damage are told for each member, the rest is read", async () => {
  const good = { name: "a/good.png", body: "good" };
  const pictures = await inZip([
    good,
    { name: "a/locked.png", flags: 1, body: "x" },
    { name: "a/wide.png", method: 9, body: "x" },
    { name: "a/own.png", method: 77, body: "x" },
    { name: "a/sum.png", crc: 1, body: "x" },
    { name: "a/short.png", size: 9, body: "x" },
    { name: "a/long.png", size: 2, body: "xxxxx" },
    { name: "a/stored.png", method: 0, size: 9, body: "x" },
  ]);
  const says = (words: string): unknown => expect.stringMatching(new RegExp(`^! ${words}`));
  expect(pictures).toEqual({
    "a/good.png": "good",
    "a/locked.png": says("encrypted with a password"),
    "a/wide.png": says("compressed by Deflate64, which is not read"),
    "a/own.png": says("compressed by method 77, which is not read"),
    "a/sum.png": says("its checksum does not match"),
    "a/short.png": says("it has 1 bytes instead of 9"),
    "a/long.png": says("it expands to more than the 2 bytes"),
    "a/stored.png": says("it has 1 bytes instead of 9"),
  });
  const wrong = zipBytes([good, { name: "a/b.png", body: "b" }]);
  wrong.fill(0xff, 30 + "a/good.png".length, 32 + "a/good.png".length);
  expect((await picturesIn(wrong, "zip"))["a/good.png"]).toMatch(/^! its compressed bytes are wrong/);
  wrong[0] = 0;
  expect((await picturesIn(wrong, "zip"))["a/good.png"]).toMatch(
    /^! it does not begin where the directory says/,
  );
  const locked = ["a/1.png", "a/2.png"].map((name) => ({ name, flags: 1, body: "x" }));
  expect(await errorOf(zipBytes([{ name: "a/" }, ...locked]), "zip")).toMatch(
    /^OAL-D132 \d+\.zip: all 2 file\(s\) are encrypted with a password, the first: a\/1\.png/,
  );
});

test("zip: comments, bytes before and after, zip64; a cut off archive and a part of several are refused", async () => {
  const members = ["a/1.png", "a/2.png"].map((name) => ({ name, body: name }));
  const both = { "a/1.png": "a/1.png", "a/2.png": "a/2.png" };
  const before = Buffer.from(`MZ a program ${"x".repeat(999)}`);
  for (const end of [{ comment: "PK\x05\x06 hello" }, { before }, { zip64: true }, { zip64: true, before }])
    expect(await picturesIn(zipBytes(members, end), "zip"), JSON.stringify(end)).toEqual(both);
  expect(await picturesIn(Buffer.concat([zipBytes(members), Buffer.alloc(50)]), "zip")).toEqual(both);
  expect(await errorOf(zipBytes(members, { disk: 2 }), "zip")).toContain(
    "the last part of an archive in several files",
  );
  const bytes = zipBytes(members);
  expect(await errorOf(bytes.subarray(0, bytes.length - 30), "zip")).toMatch(
    /^OAL-D109 .*cut off: the directory/,
  );
  expect(await errorOf(Buffer.from("<!DOCTYPE html>"), "zip")).toMatch(/^OAL-D109 .*it is no zip archive/);
  const damaged = Buffer.from(bytes);
  damaged[damaged.lastIndexOf("PK\x01\x02", undefined, "latin1")] = 0;
  expect(await errorOf(damaged, "zip")).toMatch(/^OAL-D109 .*its directory is damaged at byte \d+/);
  expect(await errorOf(zipBytes([]), "zip")).toMatch(/^OAL-D103 /);
});

test("archives are known by their content; kinds that are not read are named", async () => {
  const tar = tarBytes([{ name: "a/1.png", body: "one" }]);
  const one = { "a/1.png": "one" };
  expect(await picturesIn(tar, "zip")).toEqual(one);
  expect(await picturesIn(tar, "tar.gz")).toEqual(one);
  expect(await picturesIn(tar, "backup")).toEqual(one);
  expect(await picturesIn(gzipSync(tar), "tar")).toEqual(one);
  expect(await picturesIn(gzipSync(tar), "gz")).toEqual(one);
  expect(await picturesIn(zipBytes([{ name: "a/1.png", body: "one" }]), "tar.gz")).toEqual(one);
  const refused = {
    "\xfd7zXZ\0": "xz",
    BZh9: "bzip2",
    "(\xb5/\xfd": "Zstandard",
    "7z\xbc\xaf'\x1c": "7-Zip",
    "Rar!\x1a\x07": "RAR",
  };
  for (const [start, name] of Object.entries(refused)) {
    const message = await errorOf(Buffer.from(`${start}${"x".repeat(600)}`, "latin1"), "tar");
    expect(message).toMatch(new RegExp(`^OAL-D131 \\d+\\.tar is an? ${name} .*which is not read`));
  }
  expect(await errorOf(gzipSync("a single text"), "gz")).toMatch(/^OAL-D131 .*a gzip file that holds no tar/);
  const nested = await outcomeOf(
    file(tarBytes([{ name: "a/1.png" }, { name: "a/more.zip", body: zipBytes([]) }]), "tar"),
  );
  expect([nested.pictures, nested.skipped]).toEqual([{ "a/1.png": "" }, { ".zip": 1 }]);
});

test("files without ending are known by their first bytes in archives too", async () => {
  const png = `\x89PNG\r\n\x1a\n${"x".repeat(5000)}`;
  const body = Buffer.from(png, "latin1");
  const links = [
    { name: "b/link", type: "2", target: "../a/picture.png" },
    { name: "b/hard", type: "1", target: "a/picture.png" },
  ];
  const text = { name: "a/README", body: "words ".repeat(500) };
  const tar = tarBytes([{ name: "a/picture", body }, { name: "a/picture.png", body }, text, ...links]);
  const zip = zipBytes([
    { name: "a/picture", body },
    { name: "a/stored", body, method: 0 },
    text,
    { name: "b/link", body: "../a/picture", mode: 0o120777 },
  ]);
  const found = async (path: string): Promise<unknown> => {
    const { pictures, skipped } = await outcomeOf(path);
    return [Object.keys(pictures), skipped];
  };
  const expected = [["a/picture", "a/picture.png", "b/hard", "b/link"], { "without ending": 1 }];
  expect(await found(file(tar, "tar"))).toEqual(expected);
  expect(await found(file(gzipSync(tar), "tgz"))).toEqual(expected);
  expect(await found(file(zip, "zip"))).toEqual([
    ["a/picture", "a/stored", "b/link"],
    { "without ending": 1 },
  ]);
});

test("bombs and pictures larger than a picture can be are refused before they expand", async () => {
  // Every gzip member of 8 KiB expands to 8 MiB: 2.4 GiB in all.
  const zeros = gzipSync(Buffer.alloc(2 ** 23));
  const start = gzipSync(tarBody([{ name: "notes.txt", size: 300 * 2 ** 23 }]));
  const gzip = Buffer.concat([start, ...Array.from({ length: 300 }, () => zeros)]);
  expect(await errorOf(gzip, "tar.gz")).toMatch(
    /^OAL-D130 .*it would expand from .* bytes to at least 32 MiB, more than 200 times/,
  );
  const packed = deflateRawSync(Buffer.alloc(2 ** 23));
  const large = { method: 8, size: 2 ** 30 };
  const declared = zipBytes([{ name: "a/1.png", ...large, body: packed }]);
  expect(await errorOf(declared, "zip")).toMatch(/^OAL-D130 /);
  // One bomb among honest bytes: the archive as a whole does not tell.
  const honest = noise(2 ** 16);
  const stuffing = Array.from({ length: 8 }, (_, i) => ({ name: `n${i}.bin`, method: 0, body: honest }));
  const among = zipBytes([...stuffing, { name: "a/1.png", size: 2 ** 26, body: Buffer.alloc(2 ** 16) }]);
  expect(await errorOf(among, "zip")).toMatch(/^OAL-D130 .*a\/1\.png would expand from/);
  const wide = file(Buffer.alloc(0), "tar");
  const header = tarBody([{ name: "a/1.png", size: 600 * 2 ** 20 }]);
  writeFileSync(wide, header);
  // A hole instead of 600 MiB of bytes.
  const { truncateSync } = await import("node:fs");
  truncateSync(wide, 512 + 600 * 2 ** 20 + 1024);
  await expect(outcomeOf(wide)).rejects.toMatchObject({
    code: "OAL-D130",
    message: expect.stringContaining("a/1.png is too large: it has 600 MiB, and a picture may have 512 MiB"),
  });
  // A white page may well be packed a thousandfold.
  expect(Object.keys(await inZip([{ name: "a/white.bmp", body: Buffer.alloc(2 ** 22) }]))).toEqual([
    "a/white.bmp",
  ]);
});

test("an image list over archives follows their links and tells what is wrong with a member", async () => {
  const folder = join(root, "listed");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "set.tar"),
    tarBytes([
      { name: "a/1.png", body: "one" },
      { name: "a/2.png", type: "1", target: "a/1.png" },
      { name: "a/3.png", type: "2", target: "nowhere.png" },
    ]),
  );
  const list = join(root, "list.txt");
  writeFileSync(list, "a/1.png 0\na/2.png 1\na/3.png 1\na/4.png 0\n");
  const { pictures } = await outcomeOf(folder, { list });
  expect(pictures).toEqual({
    "a/1.png": "one",
    "a/2.png": "one",
    "a/3.png": expect.stringMatching(/^! a link to nowhere\.png, .* \(in .*set\.tar\)$/),
    "a/4.png": expect.stringContaining("! not found under"),
  });
});
