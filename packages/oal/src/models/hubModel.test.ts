/** A model of the hub's cache is loaded like any folder: its files are links, also the weights beside the ONNX file. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exposeTaps, float32Data, uint8Tensor } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pullModel } from "../hub/pull.js";
import { loadModel } from "../index.js";
import { testEngine } from "../testing/engine.js";
import { referenceRoot } from "../testing/golden.js";
import { startHub, type TestHub } from "../testing/hubServer.js";
import { loadModelFile } from "./load.js";

const source = join(referenceRoot(), "import", "wild", "external-data");
const isThere = existsSync(source);
if (!isThere) process.stderr.write(`${source} not found; a hub model with weights beside it is not tested\n`);

let hub: TestHub;
let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "oal-hub-model-"));
  hub = await startHub();
});
afterAll(async () => {
  delete process.env["HF_HUB_CACHE"];
  await hub.close();
  await rm(root, { recursive: true });
});

describe.skipIf(!isThere)("a hub model", () => {
  it("computes what the same file elsewhere computes, under the hub's name", async () => {
    const cache = join(root, "hub");
    process.env["HF_HUB_CACHE"] = cache;
    const names = (await readdir(source)).filter((name) => name.startsWith("model.onnx"));
    for (const name of names) hub.files.set(`onnx/${name}`, await readFile(join(source, name)));
    hub.files.set(
      "preprocessor_config.json",
      Buffer.from(JSON.stringify({ image_mean: [0.5, 0.5, 0.5], image_std: [0.2, 0.2, 0.2] })),
    );
    const place = { endpoint: hub.endpoint, cache, token: undefined, patience: 5000 };
    await pullModel(place, { repo: "owner/mini", revision: "main" }, { patterns: ["onnx/*"] });
    const loaded = await loadModel("hf:owner/mini");
    expect(loaded.normalisation).toMatchObject({ std: [0.2, 0.2, 0.2], source: "preprocessor_config.json" });
    expect(loaded.ingredients).toMatchObject([{ name: "mini" }]);
    const elsewhere = (await loadModelFile(join(source, "model.onnx"))).normalised(loaded.normalisation);
    const logits = await Promise.all(
      [loaded, elsewhere].map(async (model) => {
        const session = await testEngine.compile(exposeTaps(model.classifier(), ["logits"]));
        const side = model.preprocessing.crop;
        const pixels = Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * 7919) % 251);
        const { logits: values } = await session.run({ images: uint8Tensor([1, 3, side, side], pixels) });
        await session.release();
        return values ? [...float32Data(values)] : [];
      }),
    );
    expect(logits[0]?.length).toBeGreaterThan(1);
    expect(logits[0]).toEqual(logits[1]);
    await expect(loadModel("hf:owner/other")).rejects.toMatchObject({ code: "OAL-D162" });
  });
});
