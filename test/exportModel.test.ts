/** A model with its decision is written for others in every form, and says there what it said before. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float32Tensor, Graph, relu, toNumbers, writeModel, type Tensor } from "oal-core";
import sharp from "sharp";
import { exportModel, openModel, type ScoredPicture } from "../packages/oal/src/index.js";
import { readBundle } from "../packages/oal/src/bundle/index.js";
import { readBeside } from "../packages/oal/src/models/beside.js";
import { imagesFor } from "../packages/oal/src/pipeline/exporting/changes.js";
import { writeOneFile } from "../packages/oal/src/pipeline/exporting/oneFile.js";
import { factsFor } from "../packages/oal/src/pipeline/exporting/pictures.js";
import { selectFromBundle } from "../packages/oal/src/pipeline/exporting/selection.js";
import { readModelFile } from "../packages/oal/src/runtime/modelFile.js";
import { testEngine as engine } from "../packages/oal/src/testing/engine.js";
import { oalInside } from "./cli/inside.js";
import { untrainedModel } from "./cli/untrainedModel.js";

const root = mkdtempSync(join(tmpdir(), "oal-export-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const model = join(root, "model.onnx");
const pictures = join(root, "pictures");
const [height, width] = [41, 57];
const count = 8;

beforeAll(async () => {
  await untrainedModel(model, ["ant", "bee", "cat"]);
  mkdirSync(pictures);
  for (let index = 0; index < count; index++) {
    const data = Uint8Array.from({ length: 3 * height * width }, (_, i) =>
      Math.min(255, Math.max(0, 128 + 100 * Math.sin((i / (5 + 9 * index)) * (1 + (i % 3))))),
    );
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(join(pictures, `${index}.png`), png);
  }
});

const files = Array.from({ length: count }, (_, index) => join(pictures, `${index}.png`));

async function scored(path: string): Promise<ScoredPicture[]> {
  const scorer = await openModel(path, { engine });
  const found: ScoredPicture[] = [];
  for await (const result of scorer.stream(files)) {
    if (result.error) throw result.error;
    found.push(result);
  }
  await scorer.release();
  return found;
}

describe("an exported model", () => {
  it("says the same in every order of axes, and with the resizing inside", async () => {
    const before = await scored(model);
    const forms = [
      ["nhwc", undefined],
      ["nchw", { height, width }],
      ["nhwc", { height, width }],
      ["nhwc", "free"],
    ] as const;
    for (const [layout, resize] of forms) {
      const path = join(root, "form.onnx");
      const form = resize === undefined ? { layout } : { layout, resize };
      const { facts } = await exportModel(model, path, { ...form, engine });
      expect(facts.input).toEqual({
        layout,
        resizing: resize === undefined ? "outside" : resize === "free" ? "free" : "fixed",
        height: resize === undefined ? 16 : resize === "free" ? null : height,
        width: resize === undefined ? 16 : resize === "free" ? null : width,
      });
      const after = await scored(path);
      after.forEach(({ score, label, known }, i) => {
        const wanted = before[i];
        expect([label, known]).toEqual([wanted?.label, wanted?.known]);
        expect(score).toBeCloseTo(wanted?.score ?? NaN, resize === "free" ? 3 : 6);
      });
    }
  });

  it("keeps another share: known is then a p value above the rest", async () => {
    const path = join(root, "keep.onnx");
    const { facts } = await exportModel(model, path, { keep: 0.6, engine });
    // calibrated on 0, 0.5, 0.6 and 0.7: three of them are to be kept
    expect(facts.detectors[0]?.decision).toMatchObject({ target: 0.6, kept: 0.75, cuts: { unknown: 0.5 } });
    const { graph } = await readModelFile(path);
    const threshold = graph.constants.find(({ name }) => name === "threshold.msp");
    expect(Array.from(threshold?.constant?.data ?? [], Number)).toEqual([0.5]);
    for (const { score, known, pValue } of await scored(path)) {
      expect(known).toBe(score >= 0.5);
      expect(known).toBe(pValue > Math.fround(0.4));
    }
    // what the file noted of the cut that it had, and of decisions, is not true of another
    const noted = join(root, "noted.onnx");
    const notes = { calibration: "about 95 are kept", changes: "msp: of 8 known pictures ...", network: "x" };
    await untrainedModel(noted, ["ant", "bee", "cat"], {}, { notes });
    const same = await exportModel(noted, join(root, "noted-same.onnx"), { layout: "nhwc", engine });
    expect(same.facts.notes).toEqual(notes);
    const moved = await exportModel(noted, join(root, "noted-moved.onnx"), { keep: 0.6, engine });
    expect(moved.facts.notes).toEqual({
      network: "x",
      calibration: expect.stringMatching(
        /^Of 100 known pictures about 60 are kept: with 4 calibration pictures/,
      ),
    });
    const unreachable = exportModel(model, join(root, "none.onnx"), { keep: 0.9, engine });
    await expect(unreachable).rejects.toMatchObject({
      code: "OAL-E270",
      message: expect.stringContaining("at most 80.0 %"),
    });
    const outside = exportModel(model, join(root, "none.onnx"), { keep: 1, engine });
    await expect(outside).rejects.toMatchObject({ code: "OAL-E276" });
  });

  it("tells on how many pictures fewer bits change the decision, in the file too", async () => {
    const sizes: number[] = [];
    for (const precision of ["fp32", "fp16", "int8"] as const) {
      const path = join(root, `${precision}.onnx`);
      const told: string[] = [];
      const exported = await exportModel(model, path, {
        precision,
        pictures: [pictures],
        unknown: [pictures],
        onMessage: (sentence) => told.push(sentence),
        engine,
      });
      const asked = precision === "int8" ? count / 2 : count;
      expect(exported.changes).toMatchObject({
        detector: "msp",
        known: { pictures: asked },
        unknown: { pictures: count },
      });
      expect(exported.facts.notes["precision"]).toBe(precision === "fp32" ? undefined : precision);
      expect(exported.facts.notes["changes"]).toContain(`of ${asked} known pictures`);
      expect(told.at(-1)).toBe(exported.facts.notes["changes"]);
      sizes.push(exported.bytes);
      const [before, after] = [await scored(model), await scored(path)];
      const far = after.map(({ score }, i) => Math.abs(score - (before[i]?.score ?? NaN)));
      expect(Math.max(...far)).toBeLessThan(precision === "int8" ? 0.05 : 2e-3);
      if (precision === "fp32") expect(exported.changes?.known).toMatchObject({ decisions: 0, labels: 0 });
    }
    expect(sizes[1]).toBeLessThan(sizes[0] ?? 0);
    const again = exportModel(join(root, "int8.onnx"), join(root, "none.onnx"), {
      precision: "fp16",
      engine,
    });
    await expect(again).rejects.toMatchObject({ code: "OAL-E275", message: expect.stringContaining("int8") });
  });

  it("cannot have its cuts of classes moved", async () => {
    const path = join(root, "classes.onnx");
    await untrainedModel(path, ["ant", "bee", "cat"], {}, { perClass: 0.25 });
    const moved = exportModel(path, join(root, "none.onnx"), { keep: 0.6, engine });
    await expect(moved).rejects.toMatchObject({ code: "OAL-E271" });
    const { facts } = await exportModel(path, join(root, "same.onnx"), { engine });
    expect(facts.detectors[0]?.decision.perClass).toHaveLength(3);
    // and no one cut is said of it
    const printed = async (...more: string[]): Promise<string> =>
      (await oalInside(["export", path, "-o", "said.onnx", ...more], { cwd: root })).stdout;
    expect(await printed()).toContain("known from a cut for every predicted class on");
    expect(JSON.parse(await printed("--json"))).toMatchObject({ detectors: [{ id: "msp", cut: null }] });
    await exportModel(path, join(root, "said"), { format: "hf", engine });
    expect(readFileSync(join(root, "said", "README.md"), "utf8")).toContain(
      "| cut | one for every predicted class |",
    );
  });

  it("has one cut moved that all classes have in common", async () => {
    const path = join(root, "common.onnx");
    await untrainedModel(path, ["ant", "bee", "cat"], {}, { perClass: 0 });
    const { facts } = await exportModel(path, join(root, "moved.onnx"), { keep: 0.6, engine });
    const { cuts, perClass } = facts.detectors[0]?.decision ?? {};
    expect(cuts?.unknown).toBeGreaterThan(0);
    expect(perClass).toEqual([cuts, cuts, cuts]);
  });

  it("squeezes whole pictures where the model does, in every form", async () => {
    const path = join(root, "squeezing.onnx");
    await untrainedModel(path, ["ant", "bee", "cat"], { resize: [16, 16] });
    const wanted = await scored(path);
    expect(wanted.map(({ score }) => score)).not.toEqual((await scored(model)).map(({ score }) => score));
    const fixed = join(root, "squeezing-fixed.onnx");
    await exportModel(path, fixed, { resize: { height, width }, engine });
    expect(await scored(fixed)).toEqual(wanted);
    const free = join(root, "squeezing-free.onnx");
    await exportModel(path, free, { resize: "free", engine });
    const close = await scored(free);
    for (const [i, { score }] of wanted.entries()) expect(close[i]?.score).toBeCloseTo(score, 2);
    await exportModel(path, join(root, "squeezing"), { format: "hf", engine });
    const processor: unknown = JSON.parse(
      readFileSync(join(root, "squeezing", "preprocessor_config.json"), "utf8"),
    );
    expect(processor).toMatchObject({
      size: { height: 16, width: 16 },
      crop_size: { height: 16, width: 16 },
    });
    expect(readFileSync(join(root, "squeezing", "README.md"), "utf8")).toContain(
      "squeezed to 16 x 16 pixels",
    );
    // and is read again as it was written
    expect(readBeside(join(root, "squeezing", "onnx", "model.onnx")).preprocessing).toMatchObject({
      resize: [16, 16],
      crop: 16,
    });
  });

  it("is a folder for transformers.js whose logits are those of the bundle, bit for bit", async () => {
    const folder = join(root, "hf");
    await exportModel(model, folder, { format: "hf", engine });
    expect(readdirSync(folder).sort()).toEqual([
      "README.md",
      "config.json",
      "onnx",
      "preprocessor_config.json",
    ]);
    const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
    expect(json("config.json")).toMatchObject({
      id2label: { 0: "ant", 1: "bee", 2: "cat" },
      label2id: { ant: 0, bee: 1, cat: 2 },
    });
    expect(json("preprocessor_config.json")).toMatchObject({
      size: { shortest_edge: 16 },
      crop_size: { height: 16, width: 16 },
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.25, 0.25, 0.25],
    });
    const pixels = Uint8Array.from({ length: 2 * 3 * 256 }, (_, i) => (i * 37) % 256);
    const bundle = await engine.open(model);
    const hub = await engine.open(join(folder, "onnx", "model.onnx"));
    const images: Tensor = { dtype: "uint8", shape: [2, 3, 16, 16], data: pixels };
    const values = Float32Array.from(pixels, (byte) => (byte / 255 - 0.5) / 0.25);
    const { logits: wanted } = await bundle.run({ images });
    const { logits } = await hub.run({ pixel_values: float32Tensor([2, 3, 16, 16], values) });
    expect(logits && toNumbers(logits)).toEqual(wanted && toNumbers(wanted));
    for (const session of [bundle, hub]) await session.release();
    // figures stand on the page where the fit left some beside the model
    const figures = {
      format: 1,
      decides: "msp",
      files: { model: "own.onnx" },
      accuracy: { value: 0.75, count: 8 },
      detectors: [
        {
          id: "msp",
          sets: [{ name: "others", kind: "given", count: 9, metrics: { auroc: 0.875 } }],
          leaveClassOut: { mean: 0.5 },
        },
      ],
    };
    const fitted = join(root, "fitted");
    mkdirSync(fitted);
    copyFileSync(model, join(fitted, "own.onnx"));
    writeFileSync(join(fitted, "fit.json"), JSON.stringify(figures));
    await exportModel(fitted, join(root, "card"), { format: "hf", engine });
    const card = readFileSync(join(root, "card", "README.md"), "utf8");
    for (const text of [
      "| accuracy on 8 known test pictures | 75.00 % |",
      "87.50 %",
      "50.00 %",
      "ant, bee, cat",
    ])
      expect(card).toContain(text);
    // again over itself, but not over what someone else put there
    await exportModel(model, folder, { format: "hf", engine });
    const mine = [".git/HEAD", "onnx/other.onnx", "README.md"].map((name) => join(folder, name));
    for (const path of mine) {
      mkdirSync(dirname(path), { recursive: true });
      const before = existsSync(path) ? readFileSync(path, "utf8") : null;
      writeFileSync(path, "mine");
      await expect(exportModel(model, folder, { format: "hf", engine })).rejects.toMatchObject({
        code: "OAL-E275",
      });
      expect(readFileSync(path, "utf8")).toBe("mine");
      if (before === null) rmSync(path);
      else writeFileSync(path, before);
      rmSync(join(folder, ".git"), { recursive: true, force: true });
    }
    await exportModel(model, folder, { format: "hf", engine });
    writeFileSync(join(root, "mine.txt"), "");
    const foreign = exportModel(model, root, { format: "hf", engine });
    await expect(foreign).rejects.toMatchObject({ code: "OAL-E275" });
  });

  it("names every file of large weights, and leaves none of those that it takes the place of", async () => {
    const folder = join(root, "large");
    const target = join(folder, "large.onnx");
    const { selfTest: _, ...facts } = await readBundle(model);
    const selected = selectFromBundle(await readModelFile(model), facts, {});
    const images: Tensor = { dtype: "uint8", shape: [1, 3, 16, 16], data: new Uint8Array(768) };
    for (let time = 0; time < 2; time++) {
      const { files: written, bytes } = await writeOneFile(target, selected, {
        engine,
        images,
        expected: {},
        outsideFrom: 1000,
      });
      const there = readdirSync(folder).map((name) => join(folder, name));
      expect(there).toHaveLength(2);
      expect(written.toSorted()).toEqual(there.toSorted());
      expect(bytes).toBe(there.reduce((sum, path) => sum + statSync(path).size, 0));
    }
  });

  it("is measured on stored pictures as they are stored", async () => {
    const facts = await readBundle(model);
    const wider = { ...facts, preprocessing: { ...facts.preprocessing, resize: 20 } };
    const data = Uint8Array.from({ length: 768 }, (_, i) => (i * 37) % 256);
    const picture = { width: 16, height: 16, data };
    const laidOut = (isCut: boolean, resizing: "outside" | "free"): readonly number[] => {
      const form = { ...facts.input, resizing };
      return toNumbers(imagesFor([picture], factsFor(wider, { isCut }, form)));
    };
    const planes = Array.from({ length: 768 }, (_, i) => data[3 * (i % 256) + Math.floor(i / 256)]);
    expect(laidOut(true, "outside")).toEqual(planes);
    expect(laidOut(false, "outside")).not.toEqual(planes);
    // a graph that resizes takes it for a whole picture, and so it is shown to the model before
    expect(laidOut(true, "free")).toEqual(laidOut(false, "outside"));
  });
});

describe("what cannot be exported", () => {
  const refused = (
    source: string,
    target: string,
    options: Parameters<typeof exportModel>[2],
  ): Promise<unknown> =>
    exportModel(source, join(root, target), { engine, ...options }).then(
      () => "exported",
      (error: unknown) => error,
    );
  const code = (expected: string): unknown => expect.objectContaining({ code: expected });

  it("is refused in a sentence, and nothing is left", async () => {
    const graph = new Graph();
    graph.output("logits", relu(graph.input("x", { dtype: "float32", shape: ["n", 3] })));
    const foreign = join(root, "foreign.onnx");
    writeFileSync(foreign, writeModel(graph));
    const before = readdirSync(root);
    expect(await refused(foreign, "out.onnx", {})).toMatchObject({ code: "OAL-I160" });
    const hub = mkdtempSync(join(tmpdir(), "oal-hub-"));
    writeFileSync(join(hub, "model.onnx"), writeModel(graph));
    expect(await refused(hub, "out.onnx", {})).toMatchObject({ code: "OAL-I160" });
    rmSync(hub, { recursive: true });
    expect(await refused(join(root, "nothing"), "out.onnx", {})).toEqual(code("OAL-D101"));
    expect(await refused(files[0] ?? "", "out.onnx", {})).toEqual(code("OAL-I143"));
    expect(await refused(model, "out.onnx", { detectors: ["knn"] })).toEqual(code("OAL-E214"));
    expect(await refused(model, "out.onnx", { detectors: [] })).toEqual(code("OAL-E275"));
    expect(await refused(model, "out.onnx", { precision: "int8" })).toEqual(code("OAL-E272"));
    expect(await refused(model, "out.txt", {})).toEqual(code("OAL-E275"));
    for (const options of [{}, { format: "hf" } as const]) {
      const target = "pictures/0.png/out.onnx";
      expect(await refused(model, target, options)).toMatchObject({
        code: "OAL-I161",
        details: { path: join(root, target), problem: "a file of that name is in the way" },
      });
    }
    expect(await refused(model, "out.onnx", { pictures: [join(root, "none")] })).toEqual(code("OAL-D101"));
    expect(await refused(model, "out.onnx", { unknown: [pictures] })).toEqual(code("OAL-E275"));
    expect(await refused(model, "out", { format: "hf", layout: "nhwc" })).toEqual(code("OAL-E275"));
    const size = { resize: { height: 9, width: 9 }, pictures: [pictures] };
    expect(await refused(model, "out.onnx", size)).toEqual(code("OAL-E273"));
    expect(readdirSync(root)).toEqual(before);
  });
});
