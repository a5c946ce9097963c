import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeFileWhole } from "./writeFile.js";

const root = mkdtempSync(join(tmpdir(), "oal-write-"));
const disk = mkdtempSync(join(root, "disk-"));
const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", disk]);
afterAll(() => {
  if (mount.status === 0) spawnSync("umount", [disk]);
  rmSync(root, { recursive: true, force: true });
});

it("replaces a file, also behind a link, and leaves nothing beside it", async () => {
  const folder = mkdtempSync(join(root, "files-"));
  const [path, link] = [join(folder, "a.txt"), join(folder, "link")];
  writeFileSync(path, "before");
  symlinkSync(path, link);
  await writeFileWhole(link, "after");
  expect(readFileSync(path, "utf8")).toBe("after");
  await writeFileWhole(path, Uint8Array.of(65, 66));
  expect(readFileSync(link, "utf8")).toBe("AB");
  await Promise.all(["one", "two"].map((text) => writeFileWhole(path, text)));
  expect(["one", "two"]).toContain(readFileSync(path, "utf8"));
  expect(readdirSync(folder).sort()).toEqual(["a.txt", "link"]);
  await expect(writeFileWhole(join(path, "below"), "x")).rejects.toMatchObject({ code: "ENOTDIR" });
});

it.skipIf(mount.status !== 0)(
  "a disk that takes only part of the bytes is full, and the old file stays",
  async () => {
    const path = join(disk, "weights");
    await writeFileWhole(path, "good");
    // the system writes what fits and says how much that was: no error until one asks for the rest
    await expect(writeFileWhole(path, new Uint8Array(30_000))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(readdirSync(disk)).toEqual(["weights"]);
    expect(readFileSync(path, "utf8")).toBe("good");
  },
);
