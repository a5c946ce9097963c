import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { isOalError, OalError } from "oal-core";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { findCached, prepareImageSet, type PrepareOptions } from "./cache.js";
import { readSetManifest, writeSetManifest } from "./cachedSet.js";
import { memoryImageSet, type ImageSet, subsetImageSet } from "./imageSet.js";
import { readerOf } from "./readers/index.js";
import type { SourceSpec } from "./readers/reader.js";
import { completeParts, partsOf, stratifiedSplit, type SplitSets } from "./split.js";
import { asideOf } from "../runtime/aside.js";
import { tarBytes, zipBytes } from "../testing/archives.js";
import { findOverlap, measureNormalisation } from "./statistics.js";

const root = mkdtempSync(join(tmpdir(), "oal-data-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A 12x9 image of one colour. */
function picture(colour: number, format: "png" | "jpeg" = "png"): Promise<Buffer> {
  const background = { r: colour, g: 255 - colour, b: 7 };
  return sharp({ create: { width: 12, height: 9, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

/** Files of three classes with two images each. */
async function pictures(prefix = ""): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const [i, name] of ["cat", "dog", "emu"].entries()) {
    files.set(`${prefix}${name}/a.png`, await picture(i * 40));
    files.set(`${prefix}${name}/b.jpg`, await picture(i * 40 + 10, "jpeg"));
  }
  return files;
}

function write(folder: string, files: Map<string, Uint8Array>): string {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, folder, path)), { recursive: true });
    writeFileSync(join(root, folder, path), bytes);
  }
  return join(root, folder);
}

let caches = 0;
const fresh = (): string => join(root, `cache${caches++}`);

function prepare(
  spec: Partial<SourceSpec> & { path: string },
  options: Partial<PrepareOptions> = {},
): Promise<ImageSet> {
  return prepareImageSet({ name: "set", ...spec }, { cacheDir: fresh(), size: 8, ...options });
}

/** The parts of a source, decoded. */
async function prepareSplits(spec: SourceSpec, options: PrepareOptions, seed: number): Promise<SplitSets> {
  const parts = await partsOf(spec);
  const train = await prepareImageSet(parts.train, options);
  const own = (part: SourceSpec | undefined): Promise<ImageSet> | undefined =>
    part && prepareImageSet({ ...part, classes: train.classNames }, options);
  return completeParts(train, { validation: await own(parts.validation), test: await own(parts.test) }, seed);
}

async function codeOf(result: Promise<unknown>): Promise<string> {
  const error: unknown = await result.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof OalError)) throw new Error(`an OalError was expected, not ${String(error)}`);
  return `${error.code} ${error.message}`;
}

test("a folder, its tar, tar.gz and zip and an image list over them give one and the same set", async () => {
  const files = await pictures();
  const folder = write("same", files);
  const members = Array.from(files, ([path, body]) => ({ name: `wrap/${path}`, body }));
  const tar = tarBytes(members);
  writeFileSync(join(root, "same.zip"), zipBytes(members));
  writeFileSync(join(root, "same.tar"), tar);
  writeFileSync(join(root, "same.tar.gz"), gzipSync(tar));
  const list = join(root, "list.txt");
  writeFileSync(list, Array.from(files.keys(), (path, i) => `${path} ${i >> 1}\n`).join(""));
  const sets = [await prepare({ path: folder }), await prepare({ path: join(root, "same.tar") })];
  sets.push(await prepare({ path: join(root, "same.tar.gz") }), await prepare({ path: folder, list }));
  sets.push(await prepare({ path: join(root, "same.zip") }));
  const [first] = sets;
  for (const set of sets) {
    expect(Array.from(set.labels)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(set.classNames).toEqual(["cat", "dog", "emu"]);
    expect(set.read([0, 1, 2, 3, 4, 5])).toEqual(first?.read([0, 1, 2, 3, 4, 5]));
  }
  expect(Array.from(first?.read([1, 0]).subarray(192, 194) ?? [])).toEqual([0, 0]);
  expect(sets[3]?.contentHash).toBe(first?.contentHash);
});

test("a list finds its images in a folder of archives", async () => {
  const files = await pictures("animals/");
  const [first = "", second = ""] = files.keys();
  const pack = (name: string): Uint8Array => tarBytes([{ name, body: files.get(name) ?? "" }]);
  const folder = write(
    "archives",
    new Map([
      ["x/one.tar", pack(second)],
      ["y/animals.tar", pack(first)],
    ]),
  );
  const list = join(root, "archives.txt");
  writeFileSync(list, `${second} -1\n${first} -1\n`);
  const set = await prepare({ path: folder, list, labels: "ood" });
  expect(set.ids).toEqual([second, first]);
  writeFileSync(list, `${second} -1\nanimals/none.jpg -1\n`);
  expect(await codeOf(prepare({ path: folder, list, labels: "ood" }))).toContain(
    `OAL-D102 ${list}: animals/none.jpg: not found under`,
  );
});

test("the second preparation reads the cache; a damaged shard is made again", async () => {
  const path = write("again", await pictures());
  const cacheDir = fresh();
  const first = await prepare({ path }, { cacheDir });
  const [key = ""] = readdirSync(cacheDir);
  const shard = join(cacheDir, key, "shard-000.bin");
  const bytes = readFileSync(shard);
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  writeFileSync(shard, bytes);
  const warnings: string[] = [];
  const second = await prepare({ path }, { cacheDir, onWarning: (text) => warnings.push(text) });
  expect(warnings).toEqual([expect.stringContaining("SHA-256 differs")]);
  expect(second.read([4])).toEqual(first.read([4]));
  const third = await prepare({ path }, { cacheDir, onWarning: (text) => warnings.push(text) });
  expect(third.contentHash).toBe(first.contentHash);
  expect(warnings.length).toBe(1);
  appendFileSync(join(cacheDir, key, "set.json"), "x");
  await prepare({ path }, { cacheDir, onWarning: (text) => warnings.push(text) });
  expect(warnings[1]).toContain("set.json");
  expect(readdirSync(cacheDir)).toEqual([key]);
  // What a killed process left of the entry goes; what a live one is making stays.
  const [dead = "", live = ""] = [2 ** 30, process.pid].map((pid) => asideOf(join(cacheDir, key), pid));
  for (const made of [dead, live]) mkdirSync(made);
  rmSync(join(cacheDir, key), { recursive: true });
  await prepare({ path }, { cacheDir });
  expect(readdirSync(cacheDir).sort()).toEqual([key, basename(live)]);
});

test("unreadable images: an error naming the file, or passed over up to a limit", async () => {
  const files = await pictures();
  files.set("cat/broken.jpg", Buffer.from("nonsense"));
  files.set("dog/short.jpg", (await picture(3, "jpeg")).subarray(0, 200));
  const path = write("broken", files);
  const told = await codeOf(prepare({ path }));
  expect(told).toContain(
    `OAL-D110 ${path}: 2 images cannot be read, --skip-bad allows 0:\n  cat/broken.jpg: `,
  );
  expect(told).toContain("\n  dog/short.jpg: ");
  expect(await codeOf(prepare({ path }, { skipBad: 1 }))).toContain("--skip-bad allows 1");
  const cacheDir = fresh();
  // what could be read is kept by the call that refuses
  await codeOf(prepare({ path }, { cacheDir }));
  expect(await findCached({ name: "set", path }, { cacheDir, size: 8 })).toMatchObject({
    found: { skipped: [{ id: "cat/broken.jpg" }, { id: "dog/short.jpg" }] },
  });
  const warnings: string[] = [];
  const set = await prepare({ path }, { cacheDir, skipBad: 2, onWarning: (text) => warnings.push(text) });
  expect(set.count).toBe(6);
  expect(set.ids).not.toContain("cat/broken.jpg");
  expect(set.read([5])).toEqual((await prepare({ path: write("whole", await pictures()) })).read([5]));
  expect(warnings).toEqual([expect.stringContaining("2 unreadable image(s)")]);
  // The cached set still obeys the limit of the run that asks.
  expect(await codeOf(prepare({ path }, { cacheDir }))).toContain("OAL-D110");
  files.delete("dog/short.jpg");
  rmSync(join(path, "dog/short.jpg"));
  expect(await codeOf(prepare({ path }))).toContain(`OAL-D102 ${path}: cat/broken.jpg`);
  const zip = join(root, "bad.zip");
  writeFileSync(zip, zipBytes([{ name: "cat/a.png", body: "no picture" }]));
  expect(await codeOf(prepare({ path: zip, labels: "ood" }))).toContain(`${zip}: cat/a.png: `);
});

test("what is wrong with a source is said", async () => {
  expect(await codeOf(prepare({ path: join(root, "nowhere") }))).toContain("OAL-D101");
  expect(await codeOf(prepare({ path: write("none", new Map([["a/x.txt", Buffer.from("x")]])) }))).toContain(
    "OAL-D103",
  );
  const empty = write("empty", await pictures());
  mkdirSync(join(empty, "fox"));
  expect(await codeOf(prepare({ path: empty }))).toContain("OAL-D104 " + empty + ': class "fox"');
  const single = write("single", new Map([["cat/a.png", await picture(1)]]));
  expect(await codeOf(prepare({ path: single }))).toContain("OAL-D105");
  expect((await prepare({ path: single, labels: "ood" })).labels[0]).toBe(-1);
  const stray = write("stray", new Map([...(await pictures()), ["odd.png", await picture(1)]]));
  expect(await codeOf(prepare({ path: stray }))).toContain("OAL-D111");
  const text = join(root, "plain.txt");
  writeFileSync(text, "x");
  expect(await codeOf(prepare({ path: text }))).toContain("OAL-D106");
  writeFileSync(join(root, "cut.tar"), tarBytes([{ name: "a/b.png", body: "123456789" }]).subarray(0, 515));
  expect(await codeOf(prepare({ path: join(root, "cut.tar") }))).toContain("OAL-D109");
  const known = ["cat", "dog"];
  expect(await codeOf(prepare({ path: write("more", await pictures()), classes: known }))).toContain(
    "OAL-D143",
  );
  const blocked = join(root, "blocked");
  writeFileSync(blocked, "a file, no folder");
  expect(await codeOf(prepare({ path: single, labels: "ood" }, { cacheDir: blocked }))).toContain("OAL-I131");
});

test("bad lines of a list are named with their number", async () => {
  const path = write("lines", await pictures());
  const list = join(root, "lines.txt");
  const run = (text: string, classes?: string[]): Promise<string> => {
    writeFileSync(list, text);
    return codeOf(prepare({ path, list, classes }));
  };
  expect(await run("cat/a.png 0\ncat\n")).toContain(`OAL-D107 ${list}:2`);
  expect(await run("cat/a.png 0\ndog/a.png two\n")).toContain(`OAL-D107 ${list}:2`);
  expect(await run("cat/a.png 0\n../x.png 1\n")).toContain("leads out");
  expect(await run("cat/a.png 0\ncat/a.png 0\n")).toContain("twice");
  expect(await run("cat/a.png 0\ndog/a.png 5\n", ["cat", "dog"])).toContain(`OAL-D108 ${list}:2: label 5`);
  expect(await run("cat/a.png 0\ndog/a.png 2\n")).toContain("OAL-D104");
  expect(await run("")).toContain("OAL-D103");
});

test("splits: own folders where there are any, else stratified and repeatable", async () => {
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
  const parts = stratifiedSplit(labels, 1, { validation: 0.1, test: 0.2 });
  expect([parts.train.length, parts.validation.length, parts.test.length]).toEqual([28, 4, 8]);
  expect(new Set([...parts.train, ...parts.validation, ...parts.test]).size).toBe(40);
  expect(parts.test.filter((i) => labels[i] === 0).length).toBe(4);
  expect(stratifiedSplit(labels, 1, { validation: 0.1, test: 0.2 })).toEqual(parts);
  const options = { cacheDir: fresh(), size: 8 };
  const small = prepareSplits({ name: "two", path: write("two", await pictures()) }, options, 1);
  expect(await codeOf(small)).toContain("OAL-D112");
  const divided = write(
    "divided",
    new Map([...(await pictures("train/")), ...(await pictures("val/")), ...(await pictures("test/"))]),
  );
  const sets = await prepareSplits({ name: "divided", path: divided }, options, 1);
  expect([sets.train.count, sets.validation.count, sets.test.count]).toEqual([6, 6, 6]);
  expect(sets.test.ids[0]).toBe("test/cat/a.png");
  expect(await codeOf(prepare({ path: divided }))).toContain("OAL-D106");
});

test("an image of no class in a set of known classes is refused by name, also where an older cache holds it", async () => {
  const files = await pictures();
  const path = write("foreign", files);
  const list = join(root, "foreign.txt");
  const names = [...files.keys()];
  writeFileSync(list, names.map((name, i) => `${name} ${i === 3 || i === 4 ? -1 : i % 2}\n`).join(""));
  expect(await codeOf(prepare({ path, list }))).toBe(
    `OAL-D141 ${list}:4: label -1, "of no class", in a set of known classes; 2 images have it`,
  );
  expect((await prepare({ path, list, labels: "ood" })).count).toBe(6);
  const cacheDir = fresh();
  await prepare({ path }, { cacheDir });
  const [key = ""] = readdirSync(cacheDir);
  const entry = join(cacheDir, key);
  await writeSetManifest(entry, { ...readSetManifest(entry), labels: [0, 0, 1, 1, 2, -1] });
  expect(await codeOf(prepare({ path }, { cacheDir }))).toContain("emu/b.jpg: label -1");
});

test("a list over a folder is read there, whichever of its images are missing, and archives beside it where none lies there", async () => {
  const path = write("partly", await pictures());
  const list = join(root, "partly.txt");
  writeFileSync(list, "cat/gone.png 0\nbird/gone.png 1\ndog/a.png 1\nemu/a.png 0\n");
  expect(await codeOf(prepare({ path, list }))).toMatch(/^OAL-D110 .*2 images cannot be read/);
  const set = await prepare({ path, list }, { skipBad: 2 });
  expect(set.ids).toEqual(["dog/a.png", "emu/a.png"]);
  const { key } = await findCached({ name: "set", path, list }, { cacheDir: fresh(), size: 8 });
  writeFileSync(join(path, "emu/a.png"), await picture(99));
  expect((await findCached({ name: "set", path, list }, { cacheDir: fresh(), size: 8 })).key).not.toBe(key);
  const members = [...(await pictures())].map(([name, body]) => ({ name, body }));
  mkdirSync(join(root, "packed", "cat"), { recursive: true });
  writeFileSync(join(root, "packed", "all.zip"), zipBytes(members));
  writeFileSync(list, "cat/a.png 0\ndog/a.png 1\n");
  expect((await prepare({ path: join(root, "packed"), list })).count).toBe(2);
});

test("labels beyond any number of classes are bad lines, and many classes are not", async () => {
  const path = write("large", await pictures());
  const list = join(root, "large.txt");
  for (const label of ["1000000", "4294967296", "99999999999999999999"]) {
    writeFileSync(list, `cat/a.png 0\ndog/a.png ${label}\n`);
    expect(await codeOf(prepare({ path, list }))).toContain(
      `OAL-D107 ${list}:2: label "${label}" is too large: classes are numbered from 0 to 999999`,
    );
    expect((await prepare({ path, list, labels: "ood" })).count).toBe(2);
  }
  const names = Array.from({ length: 130_000 }, (_, i) => `${i % 2 === 0 ? "cat" : "dog"}/${i}.png ${i}`);
  writeFileSync(list, names.join("\n"));
  const spec = { name: "set", path, list };
  expect((await (await readerOf(spec)).open(spec)).classNames).toHaveLength(130_000);
});

test("folders whose files have equal names, sizes and dates are different sources", async () => {
  const date = new Date("2020-01-01T00:00:00Z");
  const [first, second] = ["first", "second"].map((name) => {
    const path = write(name, new Map([["cat/a.bmp", Buffer.from(name.padEnd(9))]]));
    utimesSync(join(path, "cat/a.bmp"), date, date);
    return path;
  });
  const changed = (path = ""): number => statSync(join(path, "cat/a.bmp")).ctimeMs;
  // the system's clock of files ticks every few milliseconds
  while (changed(first) === changed(second)) utimesSync(join(second ?? "", "cat/a.bmp"), date, date);
  const keyOf = async (path = ""): Promise<string> =>
    (await findCached({ name: "set", path }, { cacheDir: fresh(), size: 8 })).key;
  expect(await keyOf(first)).toBe(await keyOf(first));
  expect(await keyOf(first)).not.toBe(await keyOf(second));
});

test("an image is listed once only, however its path is written", async () => {
  const path = write("twice", await pictures());
  const list = join(root, "twice.txt");
  writeFileSync(list, "cat/a.png 0\ndog/a.png 1\n./cat/a.png 1\n");
  expect(await codeOf(prepare({ path, list }))).toContain(`OAL-D107 ${list}:3: "cat/a.png" comes twice`);
});

test("limit, subset, overlap and channel statistics", async () => {
  const path = write("limited", await pictures());
  const all = await prepare({ path });
  const half = await prepare({ path, limit: 3 });
  expect(half.ids).toEqual(["cat/a.png", "dog/a.png", "emu/a.png"]);
  expect(findOverlap(half, all)).toBe(3);
  const part = subsetImageSet(all, [4, 1], "part");
  expect(part.read([1, 0])).toEqual(all.read([1, 4]));
  expect(Array.from(part.labels)).toEqual([2, 0]);
  const flat = memoryImageSet("flat", new Uint8Array(2 * 12).fill(51), [0, 1], ["a", "b"]);
  expect(measureNormalisation(flat).mean[1]).toBeCloseTo(0.2, 6);
  expect(measureNormalisation(flat).std[1]).toBeCloseTo(1 / 255, 6);
  expect(findOverlap(flat, all)).toBe(0);
});

test("what is no picture is said once per set, also when the set was cached before", async () => {
  const files: Map<string, Uint8Array> = await pictures();
  for (const name of ["cat/a.txt", "cat/b.txt", "notes.md", "dog/.DS_Store"])
    files.set(name, Buffer.from("x"));
  const path = write("mixed", files);
  const cacheDir = fresh();
  for (let time = 0; time < 2; time++) {
    const warnings: string[] = [];
    await prepare({ path }, { cacheDir, onWarning: (text) => warnings.push(text) });
    expect(warnings).toEqual([`${path}: 3 files skipped: 2 .txt, 1 .md`]);
  }
});

test("a cache that cannot be written: the set goes elsewhere, or the error names OAL_CACHE", async () => {
  const path = write("unwritable", await pictures());
  const inTheWay = join(root, "in-the-way");
  writeFileSync(inTheWay, "a file");
  const cacheDir = join(inTheWay, "cache");
  const failed: unknown = await prepare({ path }, { cacheDir }).catch((error: unknown) => error);
  expect(isOalError(failed, "OAL-I131") && failed.details.path).toBe(cacheDir);
  expect(isOalError(failed) && failed.remedy).toContain("OAL_CACHE");
  const [spareDir, warnings] = [fresh(), new Array<string>()];
  const options = { cacheDir, spareDir, onWarning: (text: string) => warnings.push(text) };
  const made = await prepare({ path }, options);
  expect(warnings).toEqual([expect.stringMatching(/cannot be written.*in-the-way.*OAL_CACHE/)]);
  expect((await prepare({ path }, options)).folder).toBe(made.folder);
  expect(warnings.length).toBe(1);
  expect(made.folder?.startsWith(spareDir)).toBe(true);
});

test("preparing stops when asked to, and leaves nothing half-written", async () => {
  const path = write("stopped", await pictures());
  const cacheDir = fresh();
  const stop = new AbortController();
  stop.abort();
  await expect(prepare({ path }, { cacheDir, signal: stop.signal })).rejects.toThrow("aborted");
  expect(readdirSync(cacheDir)).toEqual([]);
});

/** A 12x9 picture that says it lies on its side; its left half is red, its right half blue. */
async function lying(): Promise<Buffer> {
  const half = { create: { width: 6, height: 9, channels: 3 as const, background: "#0000ff" } };
  const blue = await sharp(half).png().toBuffer();
  return sharp({ create: { width: 12, height: 9, channels: 3, background: "#ff0000" } })
    .composite([{ input: blue, left: 6, top: 0 }])
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
}

test("photos are turned as the camera noted: in folders and archives, not in lists, and as the setting says", async () => {
  const files: Map<string, Uint8Array> = await pictures();
  files.set("cat/a.png", await lying());
  const path = write("phone", files);
  const list = join(root, "phone.txt");
  writeFileSync(list, "cat/a.png 0\ndog/a.png 1\n");
  /** Red of the top left and of the bottom left corner of the first image: turned, red is above; lying, it is on the left. */
  const corners = async (
    spec: Partial<SourceSpec>,
    options: Partial<PrepareOptions> = {},
  ): Promise<number[]> => {
    const first = (await prepare({ path, ...spec }, options)).read([0]);
    return [first[0] ?? -1, first[7] ?? -1, first[56] ?? -1];
  };
  const upright = [255, 255, 0];
  const stored = [255, 0, 255];
  const cacheDir = fresh();
  expect(await corners({}, { cacheDir })).toEqual(upright);
  expect(await corners({}, { cacheDir, orientation: "ignore" })).toEqual(stored);
  expect(await corners({}, { cacheDir })).toEqual(upright);
  expect(await corners({ list })).toEqual(stored);
  expect(await corners({ list }, { orientation: "apply" })).toEqual(upright);
  const archive = join(root, "phone.tar");
  writeFileSync(archive, tarBytes([...files].map(([name, body]) => ({ name, body }))));
  expect(await corners({ path: archive })).toEqual(upright);
});

test("a picture of too many pixels is an error of its own, and can be passed over", async () => {
  const files: Map<string, Uint8Array> = await pictures();
  files.set(
    "cat/c.png",
    await sharp({ create: { width: 13, height: 9, channels: 3, background: "#777" } })
      .png()
      .toBuffer(),
  );
  const path = write("large", files);
  const [cacheDir, maxPixels] = [fresh(), 12 * 9];
  for (let time = 0; time < 2; time++) {
    await expect(prepare({ path }, { cacheDir, maxPixels })).rejects.toMatchObject({
      code: "OAL-D123",
      message: `${path}: cat/c.png: 13 x 9 pixels, more than the 108 allowed`,
    });
  }
  const warnings: string[] = [];
  const set = await prepare(
    { path },
    { cacheDir, maxPixels, skipBad: 1, onWarning: (text) => warnings.push(text) },
  );
  expect(set.ids).not.toContain("cat/c.png");
  expect(warnings).toEqual([
    "1 unreadable image(s) passed over, the first: cat/c.png: 13 x 9 pixels, more than the 108 allowed",
  ]);
  expect((await prepare({ path }, { cacheDir })).ids).toContain("cat/c.png");
});

test("names that are no UTF-8 come through a folder and a list in the same bytes; of two such names none is lost", async () => {
  const path = write("latin", await pictures());
  const names = ["caf\xe9.png", "caf\xe8.png"].map((name) => Buffer.from(name, "latin1"));
  for (const name of names)
    writeFileSync(Buffer.concat([Buffer.from(join(path, "cat/")), name]), await picture(99));
  const ids = ["cat/a.png", "cat/b.jpg", "cat/caf\\xe8.png", "cat/caf\\xe9.png"];
  expect((await prepare({ path })).ids.slice(0, 4)).toEqual(ids);
  const list = join(root, "latin.txt");
  const lines = names.map((name) => Buffer.concat([Buffer.from("cat/"), name, Buffer.from(" 0\n")]));
  writeFileSync(list, Buffer.concat([Buffer.from("\ufeffdog/a.png 1\n"), ...lines]));
  expect((await prepare({ path, list })).ids).toEqual(["dog/a.png", "cat/caf\\xe9.png", "cat/caf\\xe8.png"]);
});
