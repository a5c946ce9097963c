import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Artifact } from "../artifact.js";
import { loadConfiguration } from "../configuration/index.js";
import { planRecipe } from "../recipeNeeds.js";
import { ArtifactStore } from "../store/artifactStore.js";
import { teacherAccuracy, teacherWarning } from "./teacherQuality.js";
import { versions } from "../versions.js";
import { testManifestHead } from "../../testing/manifest.js";

const root = mkdtempSync(join(tmpdir(), "oal-teacher-quality-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function made(
  store: ArtifactStore,
  stage: string,
  more: { inputs?: Record<string, string>; metrics?: Record<string, number> },
): Promise<Artifact> {
  const key = stage.padEnd(64, "0");
  return store.publish(await store.begin(stage, key), testManifestHead(versions(), { key, stage, ...more }));
}

it("knows how good the teacher is that a student asks, and the one whose words it reads", async () => {
  const store = new ArtifactStore(join(root, "store"));
  const teacher = await made(store, "teacher", { metrics: { validationAccuracy: 0.25 } });
  const embeddings = await made(store, "embeddings", { inputs: { teacher: teacher.key } });
  const latents = await made(store, "latents", {
    inputs: { teacher: teacher.key, embeddings: embeddings.key },
  });
  const boundary = await made(store, "boundary", { inputs: { embeddings: embeddings.key } });
  const of = (inputs: Readonly<Record<string, Artifact>>) =>
    teacherAccuracy({ optionalInput: (role) => inputs[role] }, [
      "boundary",
      "outlierPictures",
      ...Object.keys(inputs),
    ]);
  expect(await of({ teacher })).toBe(0.25);
  expect(await of({ embeddings })).toBe(0.25);
  // students that copy what it says of outliers alone read no other word of it
  for (const stage of ["latents", "synthesis:sdedit", "outliers:phase"])
    expect(await of({ boundary, [stage]: latents })).toBe(0.25);
  expect(await of({ boundary })).toBeUndefined();
  expect(await of({})).toBeUndefined();
  rmSync(teacher.folder, { recursive: true });
  expect(await of({ embeddings })).toBeUndefined();
});

it("a student copies a teacher by the terms that have a weight, and by no other use of its outputs", () => {
  const copying = (recipe: string, ...set: string[]): readonly string[] => {
    const { methods, settings } = planRecipe(recipe, loadConfiguration("embedded", { set }));
    return methods.flatMap(({ method }) => method.distils?.(settings) ?? []);
  };
  const off = ["kd.logitsWeight=0", "kd.featureWeight=0"];
  expect(copying("oal", ...off)).toEqual(["exposure.distillWeight"]);
  expect(copying("oal", ...off, "exposure.distillWeight=0", "exposure.latentWeight=1")).toEqual([]);
  expect(copying("kd", "kd.featureWeight=2")).toEqual(["kd.logitsWeight", "kd.featureWeight"]);
  expect(copying("ce")).toEqual([]);
});

it("warns of a teacher that is clearly worse than its student, and of no other", () => {
  // one standard error of these two is 1.5 points at 1,000 images
  expect(teacherWarning(0.859, 0.891, 1000, ["kd.logitsWeight"])).toContain(
    "85.9 % of 1000 validation images right, the student 89.1 %",
  );
  expect(teacherWarning(0.859, 0.891, 1000, ["exposure.distillWeight"])).toMatch(
    /or no distillation \(exposure\.distillWeight: 0\)$/,
  );
  expect(teacherWarning(0.88, 0.891, 1000, ["kd.logitsWeight"])).toBeNull();
  expect(teacherWarning(0.88, 0.891, 100_000, ["kd.logitsWeight"])).not.toBeNull();
  expect(teacherWarning(0.95, 0.9, 1000, ["kd.logitsWeight"])).toBeNull();
  expect(teacherWarning(0.9, 0.9, 1000, ["kd.logitsWeight"])).toBeNull();
  expect(teacherWarning(1, 1, 20, ["kd.logitsWeight"])).toBeNull();
  // what has no figure cannot be compared
  expect(teacherWarning(Number.NaN, 0.9, 1000, ["kd.logitsWeight"])).toBeNull();
});
