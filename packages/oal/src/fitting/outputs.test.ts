/** What is kept of pictures belongs to everything that the numbers depend on. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadModelFile } from "../models/load.js";
import { ColourFolder, colourNormalisation } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";
import { OutputReader } from "./outputs.js";
import { openKnown } from "./pictures.js";

const folder = new ColourFolder();
beforeAll(() => folder.fill());
afterAll(() => folder.remove());

it("is not taken for a model of the other order of colours", async () => {
  const read = async (order: "rgb" | "bgr"): Promise<{ computed: number; row: Float32Array }> => {
    const model = await loadModelFile(folder.at("colours.onnx"), {
      normalisation: { ...colourNormalisation, order },
    });
    const reader = await OutputReader.open(testEngine, model, ["features"], { cache: folder.at("rows") });
    const { pictures } = await reader.read(await openKnown(folder.at("three")));
    const { data } = reader.rowsOf("features", [pictures[0]?.hash ?? ""]);
    await reader.release();
    return { computed: reader.computed, row: data };
  };
  const rgb = await read("rgb");
  expect(rgb.computed).toBe(48);
  const bgr = await read("bgr");
  expect(bgr.computed).toBe(48);
  expect(bgr.row).not.toEqual(rgb.row);
  expect(await read("rgb")).toEqual({ computed: 0, row: rgb.row });
});
