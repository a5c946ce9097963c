/** A model that was fetched from a hub is fitted by the hub's name, with the preprocessing that its files state. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pullModel } from "../hub/pull.js";
import { fitModel, openModel } from "../index.js";
import { ColourFolder, colourNormalisation, coloursModel } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";
import { startHub, type TestHub } from "../testing/hubServer.js";

const folder = new ColourFolder();
let hub: TestHub;
beforeAll(async () => {
  await folder.fill();
  hub = await startHub();
  process.env["HF_HUB_CACHE"] = folder.at("hub");
});
afterAll(async () => {
  delete process.env["HF_HUB_CACHE"];
  await hub.close();
  folder.remove();
});

it("is fitted once it was pulled, and says before how to pull it", async () => {
  const { load: _load, ...usual } = folder.usual;
  const options = { ...usual, model: "hf:owner/colours", detectors: ["msp"] };
  await expect(fitModel(options)).rejects.toMatchObject({ code: "OAL-D162" });
  expect(existsSync(usual.out)).toBe(false);
  hub.files.set("onnx/model.onnx", coloursModel(null));
  const { mean, std } = colourNormalisation;
  const stated = { image_mean: mean, image_std: std, size: { height: 8, width: 8 } };
  hub.files.set("preprocessor_config.json", Buffer.from(JSON.stringify(stated)));
  const place = { endpoint: hub.endpoint, cache: folder.at("hub"), token: undefined, patience: 5000 };
  await pullModel(place, { repo: "owner/colours", revision: "main" }, { patterns: ["onnx/*"] });
  const { result, modelPath } = await fitModel(options);
  expect(basename(modelPath)).toBe("colours.onnx");
  expect(result.model).toMatchObject({
    preprocessing: { mean, std },
    normalisation: { source: "preprocessor_config.json" },
  });
  expect(result.accuracy).toMatchObject({ value: 1 });
  const scorer = await openModel(modelPath, { engine: testEngine });
  expect(scorer.facts.ingredients.map(({ name }) => name)).toContain("colours");
  await scorer.release();
});
