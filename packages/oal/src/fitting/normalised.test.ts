/** What pictures say of a normalisation is found once: the next fit of the same model on the same pictures reads it. */
import { readdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadModelFile, type LoadedModel, type LoadModelOptions } from "../models/load.js";
import { ColourFolder } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";
import { normalisedBy } from "./normalised.js";
import { openKnown } from "./pictures.js";

const folder = new ColourFolder();
beforeAll(() => folder.fill());
afterAll(() => folder.remove());

/** The normalised model, and how often something was shown to it. */
async function normalised(
  options: LoadModelOptions = {},
): Promise<{ model: LoadedModel; shown: number; told: string[] }> {
  let shown = 0;
  const told: string[] = [];
  const loaded = await loadModelFile(folder.at("colours.onnx"), options);
  const model = await normalisedBy(await openKnown(folder.at("three")), loaded, {
    engine: testEngine,
    cache: folder.at("answers"),
    onProgress: () => void shown++,
    onMessage: (sentence) => void told.push(sentence),
  });
  return { model, shown, told };
}

it("is kept by the model, the way its pictures are cut, an order of colours that is given, and the pictures", async () => {
  const first = await normalised();
  expect(first.shown).toBeGreaterThan(0);
  expect(first.model.normalisation.source).toBe("guess");
  const second = await normalised();
  expect(second.shown).toBe(0);
  expect(second.model.normalisation).toEqual(first.model.normalisation);
  expect(second.told).toEqual(first.told);
  expect((await normalised({ resize: 12 })).shown).toBeGreaterThan(0);
  const reversed = await normalised({ order: "bgr" });
  expect(reversed.shown).toBeGreaterThan(0);
  expect(reversed.model.normalisation.order).toBe("bgr");
  expect((await normalised()).model.normalisation).toEqual(first.model.normalisation);
  await folder.draw("three/red/0.png", 0, 99);
  expect((await normalised()).shown).toBeGreaterThan(0);
  const kept = readdirSync(folder.at("answers", "normalisations"));
  expect(kept).toHaveLength(4);
  for (const name of kept) writeFileSync(folder.at("answers", "normalisations", name), "{");
  const again = await normalised();
  expect(again.shown).toBeGreaterThan(0);
  expect((await normalised()).shown).toBe(0);
});
