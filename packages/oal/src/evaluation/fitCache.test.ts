/** Fits by content: what is found again, what is made anew. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineDetector, detectors, float32Tensor, Random, type Detector } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { FitCache } from "./fitCache.js";
import { fitDetector, fitGround } from "./fit.js";
import { outputsInMemory, type OutputSet } from "./outputs.js";

const folder = mkdtempSync(join(tmpdir(), "oal-fits-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [classes, width, count] = [3, 6, 60];

function train(step: number): OutputSet {
  const features = new Random(2, "fits").normals(step, count * width);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const ids = Array.from(labels, (_, i) => String(i));
  const flat = { logits: new Float32Array(count * classes), features };
  return outputsInMemory(
    { name: "train", group: "train", labels, ids, ...flat },
    { classes, featureSize: width },
  );
}

/** Fits a detector; how many files there are then, and its tensors. */
async function fit(
  id: string,
  parameters: Record<string, number>,
  set: OutputSet,
  fits = new FitCache(join(folder, "fits"), 0),
): Promise<{ files: string[]; tensors: unknown; warnings: readonly string[] }> {
  const asked = { detector: detectors.find(id), parameters };
  const ground = await fitGround(testEngine, [set], undefined, [asked], { fits });
  const outcome = await fitDetector(asked, ground);
  if ("reason" in outcome) throw outcome.reason;
  let files: string[] = [];
  try {
    files = readdirSync(join(folder, "fits"));
  } catch {
    files = [];
  }
  return { files, tensors: outcome.fitted.fitted.tensors, warnings: fits.warnings };
}

it("a fit is made once for the same numbers and parameters", async () => {
  const first = await fit("mds", {}, train(0));
  expect(first.files).toHaveLength(1);
  const [file = ""] = first.files;
  expect(await fit("mds", {}, train(0))).toEqual(first);
  // other numbers, another detector, other parameters that the fit reads
  expect((await fit("mds", {}, train(1))).files).toHaveLength(2);
  expect((await fit("rmds", {}, train(0))).files).toHaveLength(3);
  expect((await fit("neco", { dimensions: 2 }, train(0))).files).toHaveLength(4);
  expect((await fit("neco", { dimensions: 3 }, train(0))).files).toHaveLength(5);
  // a damaged file is no fit
  writeFileSync(join(folder, "fits", file), "damaged");
  expect((await fit("mds", {}, train(0))).tensors).toEqual(first.tensors);
  expect((await fit("mds", {}, train(0))).tensors).toEqual(first.tensors);
  // nor is one with a changed number
  const bytes = readFileSync(join(folder, "fits", file));
  bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
  writeFileSync(join(folder, "fits", file), bytes);
  expect((await fit("mds", {}, train(0))).tensors).toEqual(first.tensors);
});

it("what another text fits is another fit", async () => {
  const cache = new FitCache(join(folder, "texts"), 0);
  const set = train(0);
  const own = (value: number): Detector =>
    defineDetector({
      id: "test-text",
      title: "text",
      source: "this test",
      formula: "0",
      needs: ["logits"],
      parameters: {},
      fit: {
        on: "train",
        needs: ["logits"],
        tensors: ["value"],
        run:
          value === 1
            ? () => Promise.resolve({ value: float32Tensor([1], [1]) })
            : () => Promise.resolve({ value: float32Tensor([1], [2]) }),
      },
      score: (_graph, { logits }) => logits,
    });
  for (const value of [1, 2, 1]) {
    const detector = own(value);
    const ground = await fitGround(testEngine, [set], undefined, [], { fits: cache });
    const outcome = await fitDetector({ detector, parameters: {} }, ground);
    if ("reason" in outcome) throw outcome.reason;
    expect(outcome.fitted.fitted.tensors["value"]?.data).toEqual(Float32Array.of(value));
  }
  expect(readdirSync(join(folder, "texts"))).toHaveLength(2);
});

it("a fit that nobody used for a month is removed, one that is used stays", async () => {
  const at = join(folder, "old");
  const cache = (): FitCache => new FitCache(at, 0);
  await fit("mds", {}, train(5), cache());
  const [used = ""] = readdirSync(at);
  await fit("rmds", {}, train(5), cache());
  const [unused = ""] = readdirSync(at).filter((name) => name !== used);
  const before = new Date(Date.now() - 40 * 24 * 3600 * 1000);
  for (const name of [used, unused]) utimesSync(join(at, name), before, before);
  writeFileSync(join(at, "notes.txt"), "not ours");
  utimesSync(join(at, "notes.txt"), before, before);
  await fit("mds", {}, train(5), cache());
  expect(statSync(join(at, used)).mtimeMs).toBeGreaterThan(before.getTime());
  await fit("mds", {}, train(6), cache());
  const left = readdirSync(at);
  expect(left).toContain(used);
  expect(left).toContain("notes.txt");
  expect(left).not.toContain(unused);
});

it("short fits and banks are not kept, and a folder that takes nothing is told", async () => {
  const files = readdirSync(join(folder, "fits")).length;
  expect((await fit("mds", {}, train(2), new FitCache(join(folder, "fits"), 1e9))).files).toHaveLength(files);
  expect((await fit("knn", { neighbours: 2 }, train(2))).files).toHaveLength(files);
  writeFileSync(join(folder, "file"), "");
  const { warnings } = await fit("mds", {}, train(3), new FitCache(join(folder, "file"), 0));
  expect(warnings).toEqual([expect.stringContaining("OAL_CACHE names another folder")]);
});
