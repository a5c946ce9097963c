/** Fits by content: what is found again, what is made anew. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { detectors, Random } from "oal-core";
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
});

it("short fits and banks are not kept, and a folder that takes nothing is told", async () => {
  const files = readdirSync(join(folder, "fits")).length;
  expect((await fit("mds", {}, train(2), new FitCache(join(folder, "fits"), 1e9))).files).toHaveLength(files);
  expect((await fit("knn", { neighbours: 2 }, train(2))).files).toHaveLength(files);
  writeFileSync(join(folder, "file"), "");
  const { warnings } = await fit("mds", {}, train(3), new FitCache(join(folder, "file"), 0));
  expect(warnings).toEqual([expect.stringContaining("OAL_CACHE names another folder")]);
});
