/** A detector is chosen of however many pictures. */
import { algebraHere } from "oal-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askedDetectors } from "../evaluation/asked.js";
import { loadModelFile } from "../models/load.js";
import { ColourFolder } from "../testing/coloursFit.js";
import { testEngine as engine } from "../testing/engine.js";
import { chooseDetector } from "./choose.js";
import { Heads } from "./heads.js";
import { OutputReader } from "./outputs.js";
import { subjectOf } from "./subject.js";

const folder = new ColourFolder();
beforeAll(() => folder.fill());
afterAll(() => folder.remove());

it("of more than a call takes arguments", async () => {
  const model = await loadModelFile(folder.at("colours.onnx"));
  const subject = subjectOf(model, ["one"], "folder");
  const reader = await OutputReader.open(engine, model, subject.taps, { cache: folder.at("rows") });
  const none = { data: new Float32Array(), width: 12, labels: new Int32Array() };
  const heads = await Heads.open(engine, subject, none, () => undefined);
  const ground = {
    engine,
    reader,
    subject,
    asked: askedDetectors(["knn"]),
    algebra: algebraHere,
    onBatch: () => undefined,
  };
  const { detector } = await chooseDetector(ground, heads, {
    training: { hashes: [], labels: new Int32Array(200_000) },
    folds: new Int32Array(200_000),
    classes: [],
    unknown: [],
  });
  await heads.release();
  await reader.release();
  expect(detector).toBe("knn");
});
