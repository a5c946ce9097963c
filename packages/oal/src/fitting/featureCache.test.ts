/** Rows are found again, by another process too; what is damaged is computed again, never believed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FeatureCache } from "./featureCache.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "oal-rows-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hash = (i: number): string => i.toString(16).padStart(64, "0");
const row = (i: number): Float32Array => Float32Array.of(i, -i, i / 3);

async function filled(count: number): Promise<string> {
  const cache = new FeatureCache(folder, "model", 3);
  for (let i = 0; i < count; i++) await cache.add(hash(i), row(i));
  await cache.flush();
  const [name] = readdirSync(join(folder, "model"));
  return join(folder, "model", name ?? "");
}

describe("the cache of features", () => {
  it("gives back what was kept, more than one file of it, under its own key only", async () => {
    await filled(100);
    expect(readdirSync(join(folder, "model")).length).toBe(2);
    const again = new FeatureCache(folder, "model", 3);
    for (let i = 0; i < 100; i++) expect(again.get(hash(i))).toEqual(row(i));
    expect(again.get(hash(100))).toBeUndefined();
    expect(new FeatureCache(folder, "other model", 3).get(hash(1))).toBeUndefined();
    expect(new FeatureCache(folder, "model", 4).get(hash(1))).toBeUndefined();
  });

  it("does not believe a changed byte", async () => {
    const path = await filled(2);
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(path, bytes);
    const cache = new FeatureCache(folder, "model", 3);
    expect(cache.get(hash(0))).toEqual(row(0));
    expect(cache.get(hash(1))).toBeUndefined();
  });

  it.each([0, 5, 20, 90])("passes over a file cut to %i bytes, where rows are gone", async (length) => {
    const path = await filled(2);
    truncateSync(path, length);
    const cache = new FeatureCache(folder, "model", 3);
    expect(cache.get(hash(1))).toBeUndefined();
    await cache.add(hash(1), row(1));
    await cache.flush();
    expect(new FeatureCache(folder, "model", 3).get(hash(1))).toEqual(row(1));
  });

  it("goes on without a folder that can be written, and says why", async () => {
    writeFileSync(join(folder, "file"), "");
    const cache = new FeatureCache(join(folder, "file"), "model", 3);
    await cache.add(hash(1), row(1));
    await cache.flush();
    expect(cache.refusal).toMatch(/ENOTDIR|EEXIST/);
  });
});
