import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { BenchmarkFolder } from "../benchmark/write.js";
import { refuseOtherFolder } from "../fitting/write.js";
import { tryFolder } from "./tryFolder.js";

const root = mkdtempSync(join(tmpdir(), "oal-try-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("leaves nothing behind, in a folder or above one that is to be made", async () => {
  await tryFolder(root);
  await tryFolder(join(root, "a", "b"));
  expect(readdirSync(root)).toEqual([]);
});

it("fails where a file is in the way", async () => {
  writeFileSync(join(root, "file"), "");
  await expect(tryFolder(join(root, "file", "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
  rmSync(join(root, "file"));
});

it.skipIf(!existsSync("/proc/self"))(
  "tells a fit and a benchmark of a place in which nothing can be made before they work",
  async () => {
    for (const place of ["/proc/self", "/proc/oal/new"]) {
      await expect(tryFolder(place)).rejects.toThrow();
    }
    await expect(refuseOtherFolder("/proc/oal")).rejects.toMatchObject({ code: "OAL-I101" });
    await expect(BenchmarkFolder.open("/proc/oal", [])).rejects.toMatchObject({ code: "OAL-I101" });
  },
);
