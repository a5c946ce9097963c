/** What fit.json calls the model file lies in its folder, or nowhere. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fitFile, fittedModelIn } from "./folder.js";
import { fitFormat } from "./result.js";

const root = mkdtempSync(join(tmpdir(), "oal-fitted-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each(["../outside.onnx", "sub/model.onnx", join(root, "outside.onnx"), "..", ""])(
  "%j is refused, though there is a file",
  (model) => {
    const folder = join(root, "fit");
    mkdirSync(join(folder, "sub"), { recursive: true });
    for (const path of [join(root, "outside.onnx"), join(folder, "sub", "model.onnx")])
      writeFileSync(path, "");
    const head = { format: fitFormat, decides: "msp", files: { model } };
    writeFileSync(join(folder, fitFile), JSON.stringify(head));
    expect(() => fittedModelIn(folder)).toThrowError(
      expect.objectContaining({
        code: "OAL-I103",
        message: expect.stringContaining("no name in this folder"),
      }),
    );
  },
);
