/** Fits again and otherwise: from the cache, of renamed files, of their own files, with the model's own classes, of very small folders. */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import {
  cast,
  defineDetector,
  detectors,
  float32Tensor,
  gemm,
  makeDecision,
  neg,
  Random,
  reduceMax,
  reduceMean,
  sqrt,
  sub,
  uint8Tensor,
} from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fitModel, openModel, type FitOptions, type WrittenResult, type FitClass } from "../index.js";
import { writeBundle } from "../bundle/index.js";
import { loadModelFile } from "../models/load.js";
import { ColourFolder, coloursModel, colourNormalisation } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";

const folder = new ColourFolder();
const fit = (options: Partial<FitOptions>): Promise<WrittenResult> => fitModel(folder.options(options));
beforeAll(() => folder.fill());
afterAll(() => folder.remove());

describe("a fit", () => {
  it("done again is the same, from what is kept; names and order of files do not matter", async () => {
    const first = await fit({});
    const counted: number[] = [];
    const again = await fit({
      onProgress: (stage, done) => void (stage === "pictures" && counted.push(done)),
    });
    expect(again.result).toEqual(first.result);
    expect(counted.length).toBe(48);
    for (const [name, to] of [
      ["red", "a"],
      ["green", "b"],
      ["blue", "c"],
    ] as const)
      for (let i = 0; i < 16; i++) {
        mkdirSync(folder.at("renamed", to), { recursive: true });
        copyFileSync(folder.at("three", name, `${i}.png`), folder.at("renamed", to, `${99 - i}.png`));
      }
    const { result } = await fit({ id: folder.at("renamed") });
    const [blue, green, red] = first.result.parts.classes;
    const sizes = (own: FitClass | undefined): number[] => [
      own?.train ?? 0,
      own?.calibration ?? 0,
      own?.test ?? 0,
    ];
    expect(result.parts.classes.map(sizes)).toEqual([red, green, blue].map(sizes));
    const tested = (found: WrittenResult): string[] =>
      found.result.edges.known.map(({ score }) => score.toFixed(2)).sort();
    expect(tested({ ...first, result })).toEqual(tested(first));
  });

  it("refits its own file: the last layer stays where the names are the same", async () => {
    const first = await fit({ keep: 0.8 });
    const { result } = await fit({
      model: first.modelPath,
      load: {},
      out: folder.at("refit"),
      keep: 0.9,
    });
    expect(result.known).toMatchObject({ head: "own", strength: null });
    expect(result.model.kind).toBe("bundle");
    expect(result.accuracy?.value).toBe(1);
    expect(result.calibration.keep).toBe(0.9);
  });

  it("is written anew in its own folder: one model remains there, the new one", async () => {
    const first = await fit({ out: folder.at("own") });
    const again = await fit({ model: first.folder, load: {}, out: first.folder });
    expect(again.modelPath).not.toBe(first.modelPath);
    expect(readdirSync(first.folder).filter((name) => name.endsWith(".onnx"))).toEqual([
      basename(again.modelPath),
    ]);
  });

  it("cuts the model's own last layer to the folders that are called as its classes, or keeps all of it", async () => {
    writeFileSync(folder.at("named.onnx"), coloursModel(5));
    const given = {
      model: folder.at("named.onnx"),
      load: { normalisation: colourNormalisation, classNames: ["red", "sofa", "green", "lamp", "blue"] },
    };
    const cut = await fit({ ...given, out: folder.at("cut") });
    expect(cut.result.known).toMatchObject({ head: "own rows", classNames: ["blue", "green", "red"] });
    const whole = await fit({ ...given, out: folder.at("whole"), known: "model" });
    expect(whole.result.known).toMatchObject({ head: "own", from: "model" });
    expect(whole.result.known.classNames).toHaveLength(5);
    expect(whole.result.leaveClassOut).toMatchObject({
      sentence: expect.stringContaining("taken out of the model's own last layer"),
    });
  });
});

describe("detectors", () => {
  it("keep a part of rows that a file cannot hold, which is what is measured and decides", async () => {
    const { result, modelPath } = await fit({
      detectors: ["knn"],
      largestBank: 500,
      out: folder.at("part-out"),
    });
    expect(result.warnings.join("\n")).toMatch(/knn: its rows of 25 training pictures .* 9 of them, drawn/);
    expect(result.decides).toBe("knn");
    const edge = result.edges.known[0];
    const scorer = await openModel(modelPath, { engine: testEngine });
    const said = await scorer.score(folder.at("three", edge?.id ?? ""));
    expect(said).toMatchObject({ known: edge?.known });
    await scorer.release();
  });

  it("read the trained heads that a model file has, and are told where it has none", async () => {
    const model = await loadModelFile(folder.at("colours.onnx"), { normalisation: colourNormalisation });
    const { graph, taps } = model.classifier();
    if (!taps.features) throw new Error("no features");
    const weight = graph.constant(float32Tensor([1, 12], new Random(4, "head").normals(0, 12)), "sure");
    const confidence = gemm(taps.features, weight, null, { transB: true });
    const msp = { detector: detectors.find("msp"), parameters: {}, fitted: { tensors: {}, bank: null } };
    const contents = {
      classifier: { graph, taps: { ...taps, heads: new Map([["confidence", confidence]]) } },
      version: "0.1.0",
      name: "heads",
      preprocessing: model.preprocessing,
      classNames: ["a", "b"],
      decides: "msp",
      detectors: [{ fitted: msp, decision: makeDecision([0.4, 0.6], { detector: "msp", target: 0.5 }) }],
      ingredients: [],
      notes: {},
    };
    const images = uint8Tensor([1, 3, 8, 8], new Uint8Array(192).fill(90));
    await writeBundle(folder.at("heads.onnx"), contents, { engine: testEngine, images, expected: {} });
    const asked = { detectors: ["msp", "confBranch"], load: {} };
    const { result } = await fit({ ...asked, model: folder.at("heads.onnx"), out: folder.at("heads-out") });
    expect(result.detectors.map(({ id }) => id)).toEqual(["msp", detectors.find("confBranch").id]);
    const without = await fit({ detectors: ["msp", "confBranch"], out: folder.at("headless-out") });
    expect(without.result.warnings.join("\n")).toContain(
      'it reads the trained head "confidence", which the file',
    );
  });

  it("that drawn pictures have no score by stay, and that is told", async () => {
    detectors.register(
      defineDetector({
        id: "test-spread",
        title: "spread",
        source: "this test",
        formula: "the root of how far the colours' means lie apart, beyond 50",
        needs: ["images"],
        parameters: {},
        score(_graph, { images }) {
          const means = reduceMean(cast(images.pixels, "float32"), [2, 3], false);
          return sqrt(sub(sub(reduceMax(means, [1]), neg(reduceMax(neg(means), [1]))), 50));
        },
      }),
    );
    const { result } = await fit({ detectors: ["msp", "test-spread"], out: folder.at("spread-out") });
    expect(result.detectors.map(({ id }) => id)).toEqual(["msp", "test-spread"]);
    expect(result.warnings.join("\n")).toMatch(/test-spread: \d+ of 48 drawn pictures have no score/);
    const drawn = result.detectors[1]?.sets.find(({ kind }) => kind === "drawn");
    expect(drawn?.accepted).toBeLessThan(1);
  });
});

describe("untidy folders", () => {
  it("of one class are decided by features alone", async () => {
    const { result, modelPath } = await fit({ id: folder.at("grey"), out: folder.at("one") });
    expect(result.known.head).toBe("none");
    expect(result.detectors.map(({ id }) => id)).toEqual(["knn"]);
    expect(result.leaveClassOut).toMatchObject({ absent: expect.stringContaining("there is one class") });
    const scorer = await openModel(modelPath, { engine: testEngine });
    expect(await scorer.score(folder.at("three/red/1.png"))).toMatchObject({ known: false });
    await scorer.release();
  });

  it("with classes of one to five pictures are fitted, and what that means is said", async () => {
    for (const [c, count] of [
      [0, 1],
      [1, 2],
      [2, 5],
    ] as const)
      for (let i = 0; i < count; i++) await folder.draw(`tiny/${c}/${i}.png`, c, i);
    const { result } = await fit({ id: folder.at("tiny"), out: folder.at("tiny-out") });
    expect(result.warnings.join("\n")).toContain("0, 1, 2: fewer than 6 pictures");
    expect(result.parts.calibration).toBeGreaterThanOrEqual(1);
    for (const c of [0, 1]) await folder.draw(`single/${c}/0.png`, c, 1);
    await expect(fit({ id: folder.at("single"), out: folder.at("single-out") })).rejects.toThrowError(
      expect.objectContaining({ code: "OAL-E254" }),
    );
  });
});
