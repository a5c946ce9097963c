import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError } from "oal-core";
import { afterAll, expect, it, vi } from "vitest";
import { memoryImageSet } from "../data/imageSet.js";
import { storeImageSet } from "../data/storeSet.js";
import { verifyCommand } from "../cli/commands/verify.js";
import { ArtifactStore, type ManifestHead } from "./store/artifactStore.js";
import { verifyData } from "./verifyData.js";
import { versions } from "./versions.js";
import { testManifestHead } from "../testing/manifest.js";

const root = mkdtempSync(join(tmpdir(), "oal-verify-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function storeSet(folder: string): Promise<void> {
  await storeImageSet(memoryImageSet("two", new Uint8Array(2 * 12), [0, 1], ["a", "b"]), folder);
}

async function codeOf(result: Promise<unknown>): Promise<unknown> {
  const error: unknown = await result.catch((thrown: unknown) => thrown);
  return isOalError(error) ? error.code : error;
}

it("names the damaged sets of a cache, whatever earlier checks remembered", async () => {
  const cache = join(root, "cache");
  for (const name of ["good", "bad"]) await storeSet(join(cache, name));
  mkdirSync(join(cache, "no-set"));
  const progress = vi.fn();
  expect(await verifyData(cache, { onProgress: progress })).toEqual([
    { folder: join(cache, "bad"), name: "two", problem: null },
    { folder: join(cache, "good"), name: "two", problem: null },
  ]);
  expect(progress).toHaveBeenCalled();
  writeFileSync(join(cache, "bad", "shard-000.bin"), new Uint8Array(2 * 12).fill(1));
  const [bad, good] = await verifyData(cache);
  expect(bad?.problem).toContain("shard-000.bin is damaged: its SHA-256 differs");
  expect(good?.problem).toBeNull();
  expect((await verifyData(join(cache, "good"))).length).toBe(1);
  expect(await codeOf(verifyData(join(cache, "nowhere")))).toBe("OAL-D101");
  expect(await codeOf(verifyData(join(cache, "no-set")))).toBe("OAL-I132");
  expect(await codeOf(verifyData(join(cache, "good", "set.json")))).toBe("OAL-I132");
});

it("verifies a run folder's artifacts and its own sets", async () => {
  const run = join(root, "run");
  const store = new ArtifactStore(run);
  const key = "0".repeat(64);
  const working = await store.begin("teacher", key);
  writeFileSync(join(working.folder, "weights"), "good");
  const head: ManifestHead = testManifestHead(versions(), { key, stage: "teacher" });
  const { folder } = await store.publish(working, head);
  writeFileSync(join(run, "run.json"), "{}");
  await storeSet(join(run, "sets", "own"));
  expect((await verifyData(run)).map(({ name, problem }) => [name, problem])).toEqual([
    ["teacher", null],
    ["two", null],
  ]);
  writeFileSync(join(folder, "weights"), "evil");
  expect((await verifyData(run))[0]?.problem).toContain("its content has changed");
});

it("the command prints what is intact, and fails naming what is damaged", async () => {
  const cache = join(root, "printed");
  await storeSet(join(cache, "set"));
  let printed = "";
  let told = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const tell = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    told += String(text);
    return true;
  });
  try {
    await verifyCommand(cache, {});
    expect(printed).toMatch(/^intact {2}two {2}.*set\n$/);
    writeFileSync(join(cache, "set", "shard-000.bin"), "short");
    printed = "";
    await verifyCommand(cache, { json: true });
    expect(process.exitCode).toBe(7);
    expect(told).toMatch(/^OAL-I130 [^]*1 of 1 damaged:\n/);
    expect(JSON.parse(printed)).toMatchObject({
      verified: [{ problem: expect.stringContaining("5 bytes") }],
    });
  } finally {
    process.exitCode = undefined;
    write.mockRestore();
    tell.mockRestore();
  }
});
