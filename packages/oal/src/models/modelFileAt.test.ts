/** Paths that stand for no file: a pipe would hold the program, a device never end. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBundle } from "../bundle/index.js";
import { readModelFile } from "../runtime/modelFile.js";
import { loadModelFile } from "./load.js";

const folder = mkdtempSync(join(tmpdir(), "oal-no-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(process.platform === "win32")("a model at a path that is no file", () => {
  it("is refused without reading", async () => {
    const pipe = join(folder, "pipe.onnx");
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
    for (const path of [pipe, "/dev/zero"]) {
      await expect(loadModelFile(path)).rejects.toMatchObject({ code: "OAL-I112", details: { path } });
      await expect(readBundle(path)).rejects.toMatchObject({ code: "OAL-I112" });
      await expect(readModelFile(path)).rejects.toMatchObject({ code: "OAL-I112" });
    }
  });
});
