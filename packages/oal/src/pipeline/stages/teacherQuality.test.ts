import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Artifact } from "../artifact.js";
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
  const of = (inputs: Readonly<Record<string, Artifact>>) =>
    teacherAccuracy({ optionalInput: (role) => inputs[role] });
  expect(await of({ teacher })).toBe(0.25);
  expect(await of({ embeddings })).toBe(0.25);
  expect(await of({})).toBeUndefined();
  rmSync(teacher.folder, { recursive: true });
  expect(await of({ embeddings })).toBeUndefined();
});

it("warns of a teacher that is clearly worse than its student, and of no other", () => {
  // one standard error of these two is 1.5 points at 1,000 images
  expect(teacherWarning(0.859, 0.891, 1000)).toContain(
    "85.9 % of 1000 validation images right, the student 89.1 %",
  );
  expect(teacherWarning(0.88, 0.891, 1000)).toBeNull();
  expect(teacherWarning(0.88, 0.891, 100_000)).not.toBeNull();
  expect(teacherWarning(0.95, 0.9, 1000)).toBeNull();
  expect(teacherWarning(0.9, 0.9, 1000)).toBeNull();
  expect(teacherWarning(1, 1, 20)).toBeNull();
  // what has no figure cannot be compared
  expect(teacherWarning(Number.NaN, 0.9, 1000)).toBeNull();
});
