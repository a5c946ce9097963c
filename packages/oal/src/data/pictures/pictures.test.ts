import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { OalError } from "oal-core";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { locate, readRegularFile, walkFolder } from "./folderWalk.js";
import { classifyFile, kindOfBytes, skippedSentence } from "./kinds.js";
import { nameOfText, textOfName } from "./rawName.js";
import { selectPictures } from "./select.js";

const root = mkdtempSync(join(tmpdir(), "oal-pictures-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folder(files: readonly (string | Buffer)[] = []): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const file of files) {
    const location = Buffer.concat([Buffer.from(`${path}/`), Buffer.from(file)]);
    const slash = location.lastIndexOf("/");
    mkdirSync(location.subarray(0, slash), { recursive: true });
    writeFileSync(location, "x");
  }
  return path;
}

const picturePaths = async (path: string): Promise<string[]> =>
  selectPictures(await walkFolder(path)).pictures.map((m) => m.path);

test("endings of pictures in any case are pictures; refused kinds, other files and names without ending are counted apart", () => {
  for (const name of [
    "a.jpg",
    "a.JPEG",
    "a.jpe",
    "a.jfif",
    "a.pjpeg",
    "x/a.b.Png",
    "a.bmp",
    "a.tiff",
    "a.avif",
  ])
    expect(classifyFile(name)).toEqual({ is: "picture" });
  expect(classifyFile("a.heic")).toEqual({ is: "skipped", reason: ".heic" });
  expect(classifyFile("a.SVG")).toEqual({ is: "skipped", reason: ".svg" });
  expect(classifyFile("a.txt")).toEqual({ is: "skipped", reason: ".txt" });
  expect(classifyFile("README")).toEqual({ is: "skipped", reason: "without ending" });
  for (const name of [".DS_Store", "__MACOSX/a.jpg", "x/._a.jpg", "Thumbs.db", "a/desktop.ini"])
    expect(classifyFile(name)).toEqual({ is: "hidden" });
});

test("what a file holds is told by its first bytes", async () => {
  const image = sharp({ create: { width: 9, height: 7, channels: 3, background: "#123456" } });
  for (const format of ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const) {
    const bytes = await image.clone().toFormat(format).toBuffer();
    expect(kindOfBytes(bytes)?.id).toBe(format);
    // a download's name has no ending, or what looks like one
    expect(classifyFile("12345_n", bytes)).toEqual({ is: "picture" });
    expect(classifyFile("photo.jpg?size=large", bytes)).toEqual({ is: "picture" });
  }
  const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
  expect(kindOfBytes(heic)?.id).toBe("heic");
  expect(classifyFile("IMG_0001", heic)).toEqual({ is: "skipped", reason: "without ending (heic)" });
  expect(kindOfBytes(Buffer.from('\ufeff<?xml version="1.0"?>\n<!-- x -->\n<svg width="1">'))?.id).toBe(
    "svg",
  );
  for (const text of ["", "BMW is a car, and this is a text", "<html><svg></svg></html>", "RIFF....WAVE"])
    expect(kindOfBytes(Buffer.from(text))).toBeUndefined();
});

test("what was skipped is one sentence, most first, with what to do about HEIC", () => {
  expect(skippedSentence(new Map())).toBeUndefined();
  expect(skippedSentence(new Map([[".md", 1]]))).toBe("1 file skipped: 1 .md");
  const sentence = skippedSentence(
    new Map([
      [".heic", 2],
      [".txt", 12],
    ]),
  );
  expect(sentence).toContain("14 files skipped: 12 .txt, 2 .heic. HEIC is not read: ");
  const many = new Map("abcdefgh".split("").map((letter, i) => [`.${letter}`, 10 - i]));
  expect(skippedSentence(many)).toBe("52 files skipped: 10 .a, 9 .b, 8 .c, 7 .d, 6 .e, 5 .f, 7 others");
});

test("every name of bytes has a text of its own and comes back", () => {
  expect(textOfName(Buffer.from("caf\xe9.jpg", "latin1"))).toBe("caf\\xe9.jpg");
  expect(textOfName(Buffer.from("café\\x.jpg"))).toBe("café\\x.jpg");
  const piece = fc.constantFrom(
    "\\",
    "x",
    "e9",
    "\xe9",
    "\xc3",
    "\xa9",
    "\xf0\x9f\x91\xa9",
    "é",
    "5c",
    "\xed\xa0\x80",
  );
  const name = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc.array(piece, { maxLength: 8 }).map((pieces) => Buffer.from(pieces.join(""), "latin1")),
  );
  fc.assert(
    fc.property(name, (bytes) => {
      expect(Buffer.from(nameOfText(textOfName(bytes)))).toEqual(bytes);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("names that are no UTF-8 are listed apart, and read", async () => {
  const path = folder([
    Buffer.from("caf\xe9/a.jpg", "latin1"),
    Buffer.from("caf\xe8/a.jpg", "latin1"),
    "caf\\xe9/a.jpg",
    "line\nbreak\x1b[2J.jpg",
  ]);
  expect(await picturePaths(path)).toEqual([
    "caf\\x5cxe9/a.jpg",
    "caf\\xe8/a.jpg",
    "caf\\xe9/a.jpg",
    "line\nbreak\x1b[2J.jpg",
  ]);
  for (const name of await picturePaths(path))
    expect(Buffer.from(await readRegularFile(locate(path, name))).toString()).toBe("x");
});

test("links to files and folders are followed, a loop ends, of one folder only one way counts", async () => {
  const path = folder(["a/1.jpg", "b/2.jpg", "b/deep/3.jpg"]);
  const elsewhere = folder(["5.jpg", "in/6.jpg"]);
  symlinkSync(elsewhere, join(path, "c"));
  symlinkSync("../b/2.jpg", join(path, "a/4.jpg"));
  symlinkSync("..", join(path, "b/deep/loop"));
  symlinkSync(".", join(path, "self"));
  symlinkSync("../b/deep", join(path, "a/again"));
  const { pictures, skipped } = selectPictures(await walkFolder(path));
  expect(pictures.map((m) => m.path)).toEqual([
    "a/1.jpg",
    "a/4.jpg",
    "b/2.jpg",
    "b/deep/3.jpg",
    "c/5.jpg",
    "c/in/6.jpg",
  ]);
  expect(Object.fromEntries(skipped)).toEqual({
    "link to a folder above it": 2,
    "in a folder that is also reached another way": 3,
  });
});

test("links between many folders end", async () => {
  const path = folder();
  for (let i = 0; i < 12; i++) mkdirSync(join(path, String(i)));
  for (let i = 0; i < 12; i++)
    for (let j = 0; j < 12; j++) if (i !== j) symlinkSync(`../${j}`, join(path, String(i), `to${j}`));
  expect((await walkFolder(path)).length).toBeLessThan(12 * 17 * 12);
});

test("broken links and pipes are bad files, a folder named like a picture is a folder", async () => {
  const path = folder(["a/1.jpg", "a/dir.jpg/2.jpg"]);
  symlinkSync("nowhere.jpg", join(path, "a/broken.jpg"));
  symlinkSync("round", join(path, "a/round"));
  expect(spawnSync("sh", ["-c", "mkfifo a/pipe.jpg a/pipe"], { cwd: path }).status).toBe(0);
  const { pictures, skipped } = selectPictures(await walkFolder(path));
  expect(pictures.map(({ path: name, problem }) => [name, problem])).toEqual([
    ["a/1.jpg", undefined],
    ["a/broken.jpg", "a link to nowhere.jpg, which does not exist"],
    ["a/dir.jpg/2.jpg", undefined],
    ["a/pipe.jpg", "a named pipe, not a file"],
    ["a/round", "a link to round: a link that leads to itself"],
  ]);
  expect(Object.fromEntries(skipped)).toEqual({ "pipe, socket or device": 1 });
  await expect(readRegularFile(join(path, "a/pipe.jpg"))).rejects.toThrow("a named pipe");
  await expect(readRegularFile(join(path, "a/dir.jpg"))).rejects.toThrow("a folder");
  // A hole of 600 MiB: refused by its size, never read.
  writeFileSync(join(path, "large.jpg"), "");
  truncateSync(join(path, "large.jpg"), 600 * 2 ** 20);
  await expect(readRegularFile(join(path, "large.jpg"))).rejects.toThrow(
    "it has 600 MiB, and a picture may have 512",
  );
});

test("a folder that cannot be read is named", async () => {
  const path = folder(["open/1.jpg", "shut/2.jpg"]);
  chmodSync(path, 0o755);
  chmodSync(root, 0o755);
  chmodSync(join(path, "shut"), 0);
  const isRoot = process.getuid?.() === 0;
  // whoever is root may read everything: for this call another user asks
  if (isRoot) process.seteuid?.(65534);
  const error: unknown = await walkFolder(path).catch((e: unknown) => e);
  if (isRoot) process.seteuid?.(0);
  chmodSync(join(path, "shut"), 0o755);
  if (!(error instanceof OalError)) throw new Error("an OalError was expected");
  expect([error.code, error.message]).toEqual([
    "OAL-D121",
    `${join(path, "shut")}: the folder cannot be read: permission denied`,
  ]);
});
