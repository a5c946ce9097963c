import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { describeInspection } from "../cli/commands/inspect.js";
import { loadConfiguration } from "./configuration/index.js";
import type { LoadOptions } from "./configuration/load.js";
import { inspectData, type InspectOptions, type Inspection } from "./inspect.js";

const root = mkdtempSync(join(tmpdir(), "oal-inspect-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let colour = 0;
/** A picture unlike all others. */
function picture(): Promise<Buffer> {
  colour += 1;
  const background = { r: colour % 256, g: colour >> 8, b: 9 };
  return sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toBuffer();
}

async function write(folder: string, counts: Readonly<Record<string, number>>): Promise<string> {
  for (const [name, count] of Object.entries(counts))
    for (let i = 0; i < count; i++) put(`${folder}/${name}/${i}.png`, await picture());
  return join(root, folder);
}

function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

const inspect = (options: LoadOptions, how: InspectOptions = {}): Promise<Inspection> =>
  inspectData(loadConfiguration(undefined, { cwd: root, ...options }), how);

const codes = ({ problems }: Inspection): string[] => problems.map(({ code }) => code);

test("tells what a run would take of every class for each part", async () => {
  const data = await write("plain", { ant: 20, bee: 10 });
  put("plain/bee/notes.txt", "x");
  const found = await inspect({ data });
  expect(found.classes).toEqual([
    { name: "ant", images: 20, train: 14, validation: 2, test: 4 },
    { name: "bee", images: 10, train: 7, validation: 1, test: 2 },
  ]);
  expect(found).toMatchObject({ problems: [], duplicates: null, unknownsOnly: false });
  const text = describeInspection("plain", found, false);
  expect(text).toContain("30 images in 2 classes: 21 to train on, 3 for validation, 6 for the test\n");
  expect(text).toContain("train: 1 file skipped: 1 .txt\n");
  expect(text).toContain("oal run would start; --check decodes every image too\n");
});

test("says without decoding what listing showed to be unreadable", async () => {
  const data = await write("linked", { ant: 6, bee: 6 });
  symlinkSync("nowhere.png", join(data, "bee", "broken.png"));
  const found = await inspect({ data });
  expect(found.problems).toMatchObject([{ code: "OAL-D102", details: { file: `${data}: bee/broken.png` } }]);
  expect(found.sets[0]?.unreadable).toBeNull();
});

test("decodes every image where asked: unreadable ones and copies, by name, of all sets and with all other problems", async () => {
  const data = await write("untidy", {
    "train/ant": 5,
    "train/bee": 5,
    "train/cow": 1,
    "val/ant": 1,
    "val/bee": 1,
  });
  const ood = await write("unknown", { x: 2 });
  const copy = await picture();
  for (const path of [
    "untidy/train/ant/copy.png",
    "untidy/train/bee/copy.png",
    "untidy/val/ant/copy.png",
    "unknown/x/c.png",
  ])
    put(path, copy);
  put("untidy/train/ant/bad.png", "none");
  put("untidy/train/bee/short.png", copy.subarray(0, 40));
  put("unknown/x/bad.jpg", "");
  const steps: string[] = [];
  const onProgress = (text: string, done: number, total: number): void =>
    void steps.push(`${text} ${done}/${total}`);
  const found = await inspect({ data, ood: [ood], set: ["data.size=40"] }, { check: true, onProgress });
  expect(codes(found)).toEqual(["OAL-C202", "OAL-D112", "OAL-D104", "OAL-D110", "OAL-D102"]);
  expect(found.sets.map(({ name, unreadable }) => [name, unreadable?.map(({ id }) => id)])).toEqual([
    ["train", ["train/ant/bad.png", "train/bee/short.png"]],
    ["validation", []],
    ["unknown", ["x/bad.jpg"]],
  ]);
  expect(found.duplicates?.map((group) => group.map(({ set, id }) => `${set} ${id}`))).toEqual([
    [
      "train train/ant/copy.png",
      "train train/bee/copy.png",
      "validation val/ant/copy.png",
      "unknown x/c.png",
    ],
  ]);
  expect(steps).toContain("decoding train 15/15");
  const text = describeInspection("untidy", found, true);
  expect(text).toContain(
    "validation: val/ant/copy.png = unknown: x/c.png (under different classes, known and unknown)\n",
  );
  expect(text).toContain("5 problems, for which oal run would refuse:\n");
  expect(text).toContain(`OAL-D104 ${data}#val: class "cow" has no image\n`);
});

test("images that may be left out count when a class becomes too small without them", async () => {
  const data = await write("lost", { ant: 6, bee: 4 });
  put("lost/bee/0.png", "none");
  const set = ["data.skipBad=1"];
  expect(codes(await inspect({ data, set }))).toEqual([]);
  expect(codes(await inspect({ data, set }, { check: true }))).toEqual(["OAL-D112"]);
});

test("a source without classes is told as one of unknown images", async () => {
  const flat = await write("flat", { ".": 3 });
  put("list.txt", "0.png -1\n1.png -1\n");
  const list = `data.id={path: ., list: ${join(root, "list.txt")}}`;
  for (const [options, images] of [
    [{ data: flat }, 3],
    [{ data: await write("single", { only: 4 }) }, 4],
    [{ data: flat, set: [list] }, 2],
  ] as const) {
    const found = await inspect(options);
    expect(found).toMatchObject({ unknownsOnly: true, sets: [{ role: "ood", images }] });
    expect(describeInspection("x", found, false)).toContain(
      `${images} images without classes: can serve as unknown`,
    );
  }
});

test("what nothing can be read of is an error, and can be stopped", async () => {
  await expect(inspect({ data: "nowhere" })).rejects.toMatchObject({ code: "OAL-D101" });
  const data = await write("stopped", { ant: 4, bee: 4 });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(inspect({ data }, { check: true, signal })).rejects.toThrow("enough");
});

test("names unreadable images that may be left out, and tells a class that is too small once", async () => {
  const data = await write("allowed", { ant: 4, bee: 5, cow: 2 });
  put("allowed/bee/bad.png", "no picture");
  const options = { data, set: ["data.skipBad=1"] };
  const found = await inspect(options, { check: true });
  expect(codes(found)).toEqual(["OAL-D112"]);
  expect(describeInspection("allowed", found, true)).toMatch(
    /train: 1 image cannot be read and would be left out:\n {2}bee\/bad\.png: /,
  );
});
