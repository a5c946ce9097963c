import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { loadConfiguration } from "./configuration/index.js";
import type { Aim } from "./foresight.js";
import { checkMemory, dataSizes, memorySentence } from "./memoryCheck.js";
import { estimateMemory, largestInBlocks } from "./memory/estimate.js";
import type { DataSizes, StageMemory } from "./memory/part.js";
import { preflight } from "./preflight.js";
import { loadModelFile } from "../models/load.js";
import { foreignModel } from "../testing/foreignModel.js";
import type { MemoryLimit } from "../runtime/memoryLimit.js";
import { run } from "./run.js";

const root = mkdtempSync(join(tmpdir(), "oal-memory-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const all: Aim = { methods: ["ce", "kd", "oal"], until: "report" };
const sizes = { classes: 3, train: 15, all: 24, sets: 4 };
const large = (...set: string[]) => loadConfiguration("folder", { set: ["data.size=224", ...set] });
const limited = { bytes: 500e6, source: "container" } as const;

function partOf(parts: readonly StageMemory[], words: string): number {
  return parts.find(({ what }) => what.includes(words))?.bytes ?? Number.NaN;
}

it("two dozen pictures of 224 pixels need less than 1.5 GB (measured: 1.26 GB)", () => {
  const parts = estimateMemory(large(), all, sizes);
  const [largest] = parts;
  expect(largest?.bytes).toBe(Math.max(...parts.map(({ bytes }) => bytes)));
  expect(largest?.bytes).toBeGreaterThan(1.0e9);
  expect(largest?.bytes).toBeLessThan(1.6e9);
  expect(partOf(parts, "all images")).toBeLessThan(0.6e9);
});

it("follows the batch of a training, not the number of images where they are read from files, and counts only what is made", () => {
  const many = { classes: 3, train: 600, all: 1000, sets: 4 };
  const [half, whole] = [32, 64].map((batch) =>
    estimateMemory(large(`teacher.batchSize=${batch}`), all, many),
  );
  const growth = partOf(whole ?? [], "training the teacher") - partOf(half ?? [], "training the teacher");
  expect(growth).toBeGreaterThan(1e9);
  const fewer = estimateMemory(large(), all, { ...many, train: 300 });
  for (const what of ["training the denoiser", "the latents of all"]) {
    expect(partOf(half ?? [], what)).toBeGreaterThan(0);
    expect(partOf(fewer, what)).toBe(partOf(half ?? [], what));
  }
  const alone = estimateMemory(large(), { methods: ["ce"], until: "report" }, sizes);
  expect(alone.map(({ what }) => what).sort()).toEqual([
    "the student's outputs on all images",
    "training the student",
  ]);
  expect(estimateMemory(large(), { methods: ["ce"], until: "data" }, sizes)).toEqual([]);
});

it("counts all that a training has open at once, and all that it carries", () => {
  const needed = (more: Readonly<Record<string, string | number>>): number => {
    const settings = { batchSize: 32, rest: "leave", keep: "last", ema: 0, clipNorm: 0, ...more };
    const set = Object.entries(settings).map(([key, value]) => `teacher.${key}=${value}`);
    const parts = estimateMemory(
      loadConfiguration("folder", { set }),
      { methods: ["kd"], until: "teacher" },
      { classes: 3, train: 48, all: 80, sets: 4 },
    );
    return partOf(parts, "training the teacher");
  };
  const least = needed({});
  for (const more of [{ rest: "train" }, { keep: "best" }, { ema: 0.9 }, { clipNorm: 1 }])
    expect(needed(more), JSON.stringify(more)).toBeGreaterThan(least);
});

it("counts of outputs what memory holds of them, however many pictures there are", () => {
  const many = { classes: 1000, train: 1e6, all: 1.3e6, sets: 5 };
  const parts = estimateMemory(loadConfiguration("folder"), { methods: ["kd"], until: "report" }, many);
  for (const name of ["teacher", "student"])
    expect(partOf(parts, `the ${name}'s outputs`), name).toBeLessThan(1.5e9);
  expect(partOf(parts, "the student's outputs")).toBeGreaterThan(0.6e9);
});

it("counts the training of a model before it teaches", async () => {
  const path = join(root, "someone.onnx");
  writeFileSync(path, foreignModel(64));
  const teacher = await loadModelFile(path);
  const needed = (...set: string[]): number => {
    const config = loadConfiguration("folder", {
      set: ["data.size=64", `teacher.model=${path}`, "methods=[kd]", ...set],
    });
    const aim = { methods: ["kd"], until: "report" };
    return partOf(
      estimateMemory(config, aim, { classes: 3, train: 600, all: 900, sets: 4 }, { teacher }),
      "fine-tuning",
    );
  };
  expect(needed()).toBeNaN();
  const tuned = ["teacher.finetune.when=newClasses"];
  const [half, whole] = [256, 512].map((batch) => needed(...tuned, `teacher.finetune.batchSize=${batch}`));
  expect(whole).toBeGreaterThan((half ?? Number.NaN) + 5e6);
});

it("is refused above the limit, naming what to lower, and not with force", async () => {
  const error = await checkMemory(large(), all, sizes, { limit: limited }).catch((thrown: unknown) => thrown);
  if (!isOalError(error, "OAL-R110")) throw new Error("OAL-R110 was expected");
  expect(error.message).toMatch(
    /needs about 1\.\d GB of memory for training the .*container's limit is 500 MB.*batchSize or data\.size/,
  );
  expect(error.remedy).toContain("--force");
  const note = await checkMemory(large(), all, sizes, { limit: limited, force: true });
  expect(note).toMatchObject({ limit: 500e6, limitedBy: "container" });
  expect(note && memorySentence(note)).toMatch(
    /^needs about 1\.\d GB of memory for training .*; the container has 500 MB$/,
  );
});

it("is counted in the layout that the engine computes in, where it would be too much in the other", async () => {
  const config = loadConfiguration("embedded");
  const aim = { methods: ["ce"], until: "student" };
  const many = { classes: 10, train: 1000, all: 3000, sets: 11 };
  const parts = estimateMemory(config, aim, many);
  const [plain, blocked] = [parts[0]?.bytes ?? NaN, largestInBlocks(parts, 16)?.bytes ?? NaN];
  expect(blocked).toBeLessThan(plain - 20e6);
  expect(largestInBlocks(parts, 0)?.bytes).toBe(plain);
  const limit: MemoryLimit = { bytes: (plain + blocked) / 2, source: "machine" };
  const asked = { limit, block: () => Promise.resolve(16) };
  expect((await checkMemory(config, aim, many, asked))?.estimated).toBe(Math.round(blocked));
  await expect(checkMemory(config, aim, many, { limit })).rejects.toMatchObject({ code: "OAL-R110" });
  const never = () => Promise.reject(new Error("asked"));
  const roomy: MemoryLimit = { ...limit, bytes: 3 * plain };
  expect((await checkMemory(config, aim, many, { limit: roomy, block: never }))?.estimated).toBe(
    Math.round(plain),
  );
});

it("is taken from an earlier start where nothing has changed, and made again where something has", async () => {
  const limit: MemoryLimit = { bytes: 1e12, source: "machine" };
  const note = await checkMemory(large(), all, sizes, { limit });
  if (!note) throw new Error("no estimate");
  // what was noted is believed, so a wrong figure shows whether it was
  const noted = { ...note, estimated: 7 };
  const estimated = async (given: Partial<DataSizes>, bytes = limit.bytes, force = false) =>
    (await checkMemory(large(), all, { ...sizes, ...given }, { limit: { ...limit, bytes }, noted, force }))
      ?.estimated;
  expect(await estimated({})).toBe(7);
  expect(await estimated({ classes: 11 })).toBeGreaterThan(1e9);
  expect(await estimated({}, 6, true)).toBe(note.estimated);
  const other = await checkMemory(large(), { ...all, until: "student" }, sizes, { limit, noted });
  expect(other?.estimated).toBeGreaterThan(1e9);
});

it("a run that the machine cannot hold is refused before its folder is made", async () => {
  const set = ["teacher.widths=[2048,2048,2048]", "teacher.batchSize=8192", "data.embedded.train=20000"];
  const config = loadConfiguration("embedded", { set });
  const out = join(root, "run");
  await expect(run({ config, out })).rejects.toMatchObject({ code: "OAL-R110" });
  expect(existsSync(out)).toBe(false);
  const found = dataSizes(config, await preflight(config, all));
  const images = 20_000 + 1000 + 2000 + 1000 + 6 * 1000;
  expect(found).toEqual({ classes: 10, train: 20_000, all: images, sets: 11 });
});
