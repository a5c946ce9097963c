import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectOutputFile } from "./outputFile.js";

it.skipIf(!existsSync("/proc/self"))(
  "a folder in which nothing can be made is found before any work",
  async () => {
    await expect(expectOutputFile("/proc/self/scores.csv")).rejects.toMatchObject({ code: "OAL-I101" });
  },
);

it("leaves nothing in a folder that can be written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oal-output-"));
  await expectOutputFile(join(folder, "new", "scores.csv"));
  expect(readdirSync(join(folder, "new"))).toEqual([]);
  rmSync(folder, { recursive: true });
});
