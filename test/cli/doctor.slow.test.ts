/** `oal doctor` as a person calls it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { oal } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("oal doctor", () => {
  it("tells devices, folders and versions as JSON, and ends with 0 where oal can be used", () => {
    const { status, stdout, stderr } = oal(["doctor", "--json"], { cwd: folder });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      usable: true,
      problems: [],
      devices: [{ device: "cpu", usable: true, problem: null }, { device: "webgpu" }],
      versions: { node: process.versions.node, onnxruntime: "1.30.0" },
    });
  });

  it("says what is wrong, and ends with 4 where it cannot", () => {
    const store = join(folder, "file");
    writeFileSync(store, "");
    process.env["OAL_STORE"] = store;
    const { status, stdout, stderr } = oal(["doctor"], { cwd: folder });
    expect(status).toBe(4);
    expect(stdout).toMatch(/^usable {2,}no$/m);
    expect(stdout).toMatch(/^cpu {2,}usable, self-test passed/m);
    expect(stderr).toContain(`OAL-R113 oal cannot be used here as it is: the store folder ${store}`);
  });
});
