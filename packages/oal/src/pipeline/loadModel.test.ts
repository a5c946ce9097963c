/** What becomes of pictures before a model: what its files say is kept apart from what nobody says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cast,
  conv2d,
  float32Tensor,
  gemm,
  globalAveragePool,
  Graph,
  relu,
  type ResizeRule,
  writeModel,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { openModel } from "../benchmark/models.js";
import { protocolFileSchema } from "../benchmark/protocol.js";
import type { OpenedProtocol } from "../benchmark/openProtocol.js";
import type { LoadModelOptions } from "../models/load.js";
import { testEngine } from "../testing/engine.js";
import { loadModel, loadToFit } from "./loadModel.js";

const root = mkdtempSync(join(tmpdir(), "oal-load-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** The path of a model of 14 pixels and two classes, with files beside it. */
function model(files: Readonly<Record<string, unknown>>, dtype: "float32" | "uint8" = "float32"): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  const graph = new Graph();
  const input = graph.input("pixels", { dtype, shape: ["batch", 3, 14, 14] });
  const pixels = dtype === "uint8" ? cast(input, "float32") : input;
  const waves = (shape: readonly number[]) =>
    float32Tensor(
      shape,
      Array.from({ length: shape.reduce((all, side) => all * side, 1) }, (_, i) => Math.sin(i * i + 1)),
    );
  const features = globalAveragePool(relu(conv2d(pixels, graph.constant(waves([4, 3, 1, 1]), "stem"))));
  graph.output("scores", gemm(features, graph.constant(waves([2, 4]), "fc"), null, { transB: true }));
  writeFileSync(join(folder, "model.onnx"), writeModel(graph));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(content));
  return join(folder, "model.onnx");
}

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const numbers = { image_mean: half.mean, image_std: half.std };
const processor = (more: object): Record<string, unknown> => ({
  "preprocessor_config.json": { ...numbers, ...more },
});

describe("how pictures are cut", () => {
  const cut = async (
    files: Readonly<Record<string, unknown>>,
    given: LoadModelOptions = {},
  ): Promise<{ resize: ResizeRule; cut: string; isAssumed: boolean }> => {
    const { model: loaded, isCutAssumed } = await loadToFit(model(files), given);
    return { resize: loaded.preprocessing.resize, cut: loaded.cut, isAssumed: isCutAssumed };
  };

  it("is what preprocessor_config.json says, whoever gives mean and deviation", async () => {
    const whole = processor({ size: { shortest_edge: 14 }, do_center_crop: false });
    const said = { resize: 14, cut: "told", isAssumed: false };
    expect(await cut(whole)).toEqual(said);
    expect(await cut(whole, { normalisation: half })).toEqual(said);
  });

  it("is assumed where the file says mean and deviation alone, and where there is none", async () => {
    const assumed = { resize: 16, isAssumed: true };
    expect(await cut(processor({}))).toMatchObject(assumed);
    expect(await cut({})).toMatchObject(assumed);
    expect(await cut({}, { resize: 14 })).toEqual({ resize: 14, cut: "told", isAssumed: false });
  });

  it("squeezes whole pictures into the square where the files say so, or whoever loads the model", async () => {
    const squeezed = processor({ size: { height: 14, width: 14 } });
    expect(await cut(squeezed)).toEqual({ resize: [14, 14], cut: "told", isAssumed: false });
    expect(await cut(squeezed, { resize: 16 })).toMatchObject({ resize: 16, cut: "told" });
    expect(await cut({}, { resize: [14, 14] })).toEqual({ resize: [14, 14], cut: "told", isAssumed: false });
  });
});

it("what is only approximated of what the files say is told, unless whoever loads the model says it", async () => {
  const lanczos = model(processor({ size: { shortest_edge: 14 }, resample: 1 }));
  expect((await loadModel(lanczos)).approximations).toEqual([expect.stringContaining("by lanczos")]);
  expect((await loadModel(lanczos, { interpolation: "bilinear" })).approximations).toEqual([]);
  const timm = { input_size: [3, 14, 14], crop_mode: "border" };
  const padded = model({ "config.json": { pretrained_cfg: timm } });
  expect((await loadModel(padded)).approximations).toEqual([expect.stringContaining("crop_mode border")]);
  expect((await loadModel(padded, { resize: 14 })).approximations).toEqual([]);
  expect((await loadModel(model({}))).approximations).toEqual([]);
});

it("a file that takes bytes has no mean or deviation, whoever gives one; the order of colours is one's own", async () => {
  const path = model(processor({}), "uint8");
  for (const given of [{}, { normalisation: half }]) {
    const { normalisation, preprocessing } = await loadModel(path, given);
    expect(normalisation).toMatchObject({ name: "0..255", source: "the file", mean: [0, 0, 0] });
    expect(normalisation.evidence.at(-1)).toContain("from elsewhere have no place");
    expect(preprocessing).toMatchObject({ mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] });
  }
  const { normalisation } = await loadModel(path, { normalisation: { ...half, order: "bgr" } });
  expect(normalisation).toMatchObject({ name: "0..255", order: "bgr" });
});

it("a benchmark takes mean and deviation of its protocol, and the order of colours that was given", async () => {
  const opened: OpenedProtocol = {
    root,
    protocol: {
      id: "two",
      title: "Two",
      known: "two",
      classes: 2,
      pictures: { resize: 16, crop: 14, ...half },
      sets: [],
      notes: [],
    },
  };
  const open = async (files: Readonly<Record<string, unknown>>, load: LoadModelOptions) =>
    openModel(opened, { name: "m", file: model(files), seed: 0 }, [], { engine: testEngine, load });
  const { loaded } = await open({}, { order: "bgr" });
  expect(loaded.normalisation).toMatchObject({ ...half, order: "bgr" });
  expect(loaded.preprocessing.resize).toBe(16);
  const told = await open(processor({ size: 14, do_center_crop: false }), { normalisation: half });
  expect(told.loaded.preprocessing.resize).toBe(14);
});

it("a protocol of one's own may squeeze whole pictures", async () => {
  const file = {
    test: "t",
    unknown: [{ name: "far", path: "f" }],
    pictures: { resize: [14, 14], crop: 14, ...half },
  };
  const { pictures } = protocolFileSchema.parse(file);
  const protocol = { id: "own", title: "Own", known: "id", classes: 2, pictures, sets: [], notes: [] };
  const asked = { name: "m", file: model({}), seed: 0 };
  const { loaded, notes } = await openModel({ root, protocol }, asked, [], { engine: testEngine, load: {} });
  expect(loaded.preprocessing.resize).toEqual([14, 14]);
  expect(notes).toContain("pictures are resized (squeezed to 14 x 14 pixels), as the protocol says");
  const wrong = { ...file, pictures: { ...file.pictures, resize: [14] } };
  expect(protocolFileSchema.safeParse(wrong).success).toBe(false);
});
