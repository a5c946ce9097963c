import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { OalError } from "oal-core";
import { afterAll, expect, test } from "vitest";
import { folderContainer } from "../pictures/folderWalk.js";
import { imageFolder } from "./classFolders.js";
import type { OpenSource, SourceItem, SourceSpec } from "./reader.js";

const root = mkdtempSync(join(tmpdir(), "oal-tree-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folder(files: readonly string[]): string {
  const path = join(root, String(folders++));
  for (const file of files) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), file);
  }
  return path;
}

const open = (path: string, more: Partial<SourceSpec> = {}): Promise<OpenSource> =>
  imageFolder.open({ path, name: "set", ...more });

async function failure(path: string, more: Partial<SourceSpec> = {}): Promise<OalError> {
  const error: unknown = await open(path, more).then(
    ({ problems }) => problems?.[0],
    (e: unknown) => e,
  );
  if (!(error instanceof OalError)) throw new Error("an OalError was expected");
  return error;
}

test("class folders may be links; what is no picture is counted by reason", async () => {
  const path = folder(["ant/1.jpg", "bee/2.JFIF", "bee/list.txt", "bee/3.heic", "LICENSE"]);
  symlinkSync(folder(["4.bmp", "deep/5.jpe"]), join(path, "cat"));
  const source = await open(path);
  expect(source.classNames).toEqual(["ant", "bee", "cat"]);
  expect(source.ids).toEqual(["ant/1.jpg", "bee/2.JFIF", "cat/4.bmp", "cat/deep/5.jpe"]);
  expect(Array.from(source.labels)).toEqual([0, 1, 2, 2]);
  expect(Object.fromEntries(source.skipped ?? [])).toEqual({ ".txt": 1, ".heic": 1, "without ending": 1 });
});

test("a change behind a link changes the fingerprint", async () => {
  const path = folder(["ant/1.jpg"]);
  const elsewhere = folder(["2.jpg"]);
  symlinkSync(elsewhere, join(path, "bee"));
  const before = await folderContainer(path).fingerprint();
  writeFileSync(join(elsewhere, "3.jpg"), "new");
  expect(await folderContainer(path).fingerprint()).not.toBe(before);
});

test("one folder under two classes is an error that names both; under one class, or without classes, it counts once", async () => {
  const path = folder(["ant/1.jpg", "bee/2.jpg"]);
  symlinkSync("bee", join(path, "wasp"));
  const error = await failure(path);
  expect([error.code, error.details]).toEqual(["OAL-D120", { path, first: "bee", second: "wasp" }]);
  expect((await open(path, { labels: "ood" })).ids).toEqual(["ant/1.jpg", "bee/2.jpg"]);

  const nested = folder(["ant/x/1.jpg", "bee/2.jpg"]);
  symlinkSync("x", join(nested, "ant/y"));
  expect((await open(nested)).ids).toEqual(["ant/x/1.jpg", "bee/2.jpg"]);
  symlinkSync("../ant/x", join(nested, "bee/z"));
  expect((await failure(nested)).details).toEqual({ path: nested, first: "ant/x", second: "bee/z" });
});

test("all problems come at once, and the images they are about are left out", async () => {
  const path = folder([
    "ant/1.jpg",
    "bee/2.jpg",
    "dog/3.jpg",
    "stray.jpg",
    "other.png",
    "cow/x.txt",
    "fly/x.txt",
  ]);
  const { problems = [], ids, labels } = await open(path, { classes: ["ant", "bee", "cow"] });
  expect(problems.map(({ message }) => message)).toEqual([
    `${path}: 2 images lie in no class folder: other.png, stray.jpg`,
    `${path}: class "fly" has no image`,
    `${path}: "dog" is not among the 3 classes of training`,
  ]);
  expect([ids, Array.from(labels)]).toEqual([
    ["ant/1.jpg", "bee/2.jpg"],
    [0, 1],
  ]);
});

test("a split may be a link to another one", async () => {
  const path = folder(["test/ant/1.jpg", "test/bee/2.jpg", "train/ant/3.jpg", "train/bee/4.jpg"]);
  symlinkSync("test", join(path, "val"));
  expect(await imageFolder.splits({ path, name: "set" })).toEqual(["test", "train", "val"]);
  expect((await open(path, { split: "val" })).ids).toEqual(["val/ant/1.jpg", "val/bee/2.jpg"]);
  expect((await open(path, { split: "test" })).ids).toEqual(["test/ant/1.jpg", "test/bee/2.jpg"]);
});

test("a broken link is a bad file of its class; beside the classes it may be a class and is an error", async () => {
  const path = folder(["in/ant/1.jpg", "in/bee/2.jpg"]);
  symlinkSync("nowhere.jpg", join(path, "in/bee/3.jpg"));
  const source = await open(path);
  expect(source.unreadable).toEqual([
    { id: "in/bee/3.jpg", problem: "a link to nowhere.jpg, which does not exist" },
  ]);
  const items: SourceItem[] = [];
  for await (const item of source.read(new Set([0, 1, 2]))) items.push(item);
  items.sort((a, b) => a.position - b.position);
  expect(items.map((item) => ("problem" in item ? [item.id, item.label, item.problem] : item.id))).toEqual([
    "in/ant/1.jpg",
    "in/bee/2.jpg",
    ["in/bee/3.jpg", 1, "a link to nowhere.jpg, which does not exist"],
  ]);
  symlinkSync("/gone/cat", join(path, "in/cat"));
  const error = await failure(path);
  expect([error.code, error.details]).toMatchObject(["OAL-D122", { file: "in/cat" }]);
  expect(error.message).toContain("a link to /gone/cat, which does not exist");
});

test("without a picture the error says what there was instead", async () => {
  const error = await failure(folder(["ant/1.heic", "bee/2.heic"]));
  expect(error.code).toBe("OAL-D103");
  expect(error.message).toContain("no image found; 2 files skipped: 2 .heic. HEIC is not read");
});
