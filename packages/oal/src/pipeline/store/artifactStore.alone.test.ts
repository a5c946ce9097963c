/** Artifacts that appear, or cannot be read, while they are looked at: nothing is taken for damaged that is not, and nothing is removed. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it, vi } from "vitest";
import { ArtifactStore } from "./artifactStore.js";
import { versions } from "../versions.js";
import { testManifestHead } from "../../testing/manifest.js";

vi.mock("node:fs/promises", { spy: true });

const root = mkdtempSync(join(tmpdir(), "oal-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const key = "a".repeat(64);
const store = new ArtifactStore(root);
const folder = store.folderOf("teacher", key);
const problems: string[] = [];
const open = () => store.open("teacher", key, (problem) => problems.push(problem));

beforeEach(async () => {
  vi.mocked(readFile).mockClear();
  problems.length = 0;
  const working = await store.begin("teacher", key);
  writeFileSync(join(working.folder, "weights"), "w");
  await store.publish(working, testManifestHead(versions(), { key, stage: "teacher" }));
});

const refusal = (code: string): Error => Object.assign(new Error(code), { code });

it("one that appears between two looks is found", async () => {
  vi.mocked(readFile).mockRejectedValueOnce(refusal("ENOENT"));
  expect((await open())?.key).toBe(key);
  expect(problems).toEqual([]);
});

it("one without a manifest counts as none, and stays until its stage makes it again", async () => {
  vi.mocked(readFile).mockRejectedValueOnce(refusal("ENOENT")).mockRejectedValueOnce(refusal("ENOENT"));
  expect(await open()).toBeNull();
  expect(problems).toEqual([expect.stringContaining("it is missing")]);
  expect(existsSync(join(folder, "weights"))).toBe(true);
  await store.begin("teacher", key);
  expect(existsSync(folder)).toBe(false);
});

it.each(["EIO", "ESTALE", "EACCES"])(
  "one that the system does not read (%s) is not taken for damaged",
  async (code) => {
    vi.mocked(stat).mockRejectedValueOnce(refusal(code));
    await expect(open()).rejects.toMatchObject({ code: "OAL-I141" });
    vi.mocked(readFile).mockRejectedValueOnce(refusal(code));
    await expect(open()).rejects.toMatchObject({ code: "OAL-I141" });
    expect(problems).toEqual([]);
    expect((await open())?.key).toBe(key);
  },
);
