/** The one file that pages copy, as it was built. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { catalogue, selfTestPicture } from "oal-core";
import * as node from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untrainedModel } from "../../../test/cli/untrainedModel.js";
import { openModel } from "./index.js";

const built = fileURLToPath(new URL("../dist/oal-web.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oal-web-built-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let bytes: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  const path = join(folder, "m.onnx");
  await untrainedModel(path, ["cat", "dog", "emu"]);
  bytes = new Uint8Array(readFileSync(path));
});

const pictures = [selfTestPicture(20, 70), selfTestPicture(65, 30)];

describe("the file that pages copy", () => {
  const code = readFileSync(built, "utf8");

  it("is small and imports nothing", () => {
    expect(Buffer.byteLength(code)).toBeLessThan(13_000);
    expect(code).not.toMatch(/\b(import|require)\b\s*[({"'*]/);
  });

  it("has less than 20 KB together with the example page, as both lie on disk", () => {
    const page = fileURLToPath(new URL("../../../examples/browser", import.meta.url));
    const files = [built, ...readdirSync(page).map((name) => join(page, name))].map((path) =>
      readFileSync(path),
    );
    expect(files).toHaveLength(6);
    expect(Buffer.concat(files).length).toBeLessThan(20_000);
    // as servers send them
    const sent = files.map((file) => gzipSync(file).length);
    expect(sent.reduce((sum, length) => sum + length)).toBeLessThan(10_000);
  });

  it("says what the sources say, errors in the catalogue's words too", async () => {
    const copied: typeof import("./index.js") = await import(built);
    const model = await copied.openModel(bytes, { ort: node });
    const source = await openModel(bytes, { ort: node });
    expect(await model.selfTest()).toEqual([]);
    for (const picture of pictures) expect(await model.score(picture)).toEqual(await source.score(picture));
    await expect(copied.openModel(bytes, { ort: node, detector: "knn" })).rejects.toMatchObject({
      code: "OAL-E214",
      message: catalogue["OAL-E214"].message({ detector: "knn", known: ["msp"] }),
    });
    await model.release();
    await source.release();
  });

  it("holds the sentence of every error that it can throw", () => {
    const thrown = new Set(code.match(/(?<=\(`)OAL-[A-Z]\d+(?=`)/g));
    const worded = new Set(code.match(/(?<=")OAL-[A-Z]\d+(?=":)/g));
    expect(thrown.size).toBeGreaterThan(8);
    expect(worded).toEqual(thrown);
  });
});
