import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeFolder, makeFolderSync } from "./makeFolder.js";

const root = mkdtempSync(join(tmpdir(), "oal-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each([
  ["makeFolder", makeFolder],
  ["makeFolderSync", async (path: string) => Promise.resolve(path).then(makeFolderSync)],
])("%s", (name, make) => {
  it("makes a folder and those above it, and is content with one that is there", async () => {
    const path = join(root, name, "a", "b");
    await make(path);
    await make(path);
    await make(`${path}/`);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("refuses a file in the way, on the way, and a broken link", async () => {
    writeFileSync(join(root, `${name}-file`), "");
    symlinkSync("nowhere", join(root, `${name}-link`));
    await expect(make(join(root, `${name}-file`))).rejects.toThrow("EEXIST");
    await expect(make(join(root, `${name}-file`, "below"))).rejects.toThrow("ENOTDIR");
    await expect(make(join(root, `${name}-link`))).rejects.toThrow("ENOENT");
  });

  it.skipIf(!existsSync("/proc/self"))("ends where no folder can be made", async () => {
    await expect(make("/proc/oal/store")).rejects.toThrow("ENOENT");
  });
});

it("makes a folder that several want at once, with those above it", async () => {
  const made = Array.from({ length: 300 }, (_, i) => join(root, "shared", String(i), "a", "b"));
  for (const path of made) await Promise.all([1, 2, 3].map(() => makeFolder(path)));
  expect(made.every((path) => existsSync(path))).toBe(true);
});
