/** A model of someone else inside artifacts: its head for the classes of a run, its cut, and what is left after copying and training. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Data, float32Tensor, Graph, normaliseImages, Random, uint8Tensor } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { loadModelFile, type LoadedModel } from "../../models/load.js";
import { classifierTask } from "../../training/classifier.js";
import { cutViews, viewOf } from "../../training/cutViews.js";
import { Predictor } from "../../training/predict.js";
import { train } from "../../training/trainer.js";
import { crossEntropyMethod } from "../../training/methods/crossEntropy.js";
import { TrainingContext } from "../../nn/context.js";
import { testEngine } from "../../testing/engine.js";
import { foreignClasses, foreignModel, foreignWidth } from "../../testing/foreignModel.js";
import { loadConfiguration } from "../configuration/index.js";
import { loadClassifier, saveClassifier } from "./classifierArtifact.js";
import { saveImported } from "./imported.js";
import { headFor, knowsClasses, newHead } from "./importedHead.js";
import { finetunedNetwork, initNetwork } from "./initNetwork.js";

const root = mkdtempSync(join(tmpdir(), "oal-imported-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const size = 16;
const path = join(root, "someone.onnx");
writeFileSync(path, foreignModel(size));
writeFileSync(join(root, "labels.txt"), "ant\nbee\ncat\ndog\neel\n");

const random = new Random(5, "imported");
const classNames = ["red", "green", "blue"];
/** Pictures of one colour each with noise. */
const pictures = memoryImageSet(
  "pictures",
  Uint8Array.from(random.uniforms(0, 12 * 3 * size * size), (u, i) => {
    const [picture, channel] = [Math.floor(i / (3 * size * size)), Math.floor(i / (size * size)) % 3];
    return 90 * u + (picture % 3 === channel ? 160 : 0);
  }),
  Int32Array.from({ length: 12 }, (_, i) => i % 3),
  classNames,
);
const config = (...set: string[]) =>
  loadConfiguration("photos", { init: path, set: ["init.frozen=0.7", ...set] });
const request = (names: readonly string[]) => ({
  name: "someone",
  classNames: names,
  pictures,
  engine: testEngine,
  batchSize: 64,
  onProgress: () => undefined,
});

describe("the head of a model of someone else", () => {
  it("is fitted to the pictures where it does not know the classes, and tells them apart", async () => {
    const model = await loadModelFile(path);
    const { head, sentence } = await headFor(model, request(classNames));
    expect(sentence).toContain("does not know these classes by name: a new last layer");
    expect(head?.weight.shape).toEqual([3, foreignWidth]);
    const { parts, network } = initNetwork(config(), model, head);
    expect(parts.plan.frozen).not.toBeNull();
    const folder = mkdtempSync(join(root, "init-"));
    await saveImported(folder, parts);
    const choice = { id: "someone", options: { classes: 3, imageSize: size }, imported: network };
    const { mean, std } = model.preprocessing;
    const saved = { network: choice, normalisation: { mean, std }, classNames };
    await saveClassifier(folder, new Map(), saved, folder);
    const predictor = await Predictor.create(testEngine, await loadClassifier(folder), { batchSize: 8 });
    const { logits } = await predictor.predict(pictures);
    await predictor.release();
    const best = Array.from({ length: 12 }, (_, i) => logits.subarray(3 * i, 3 * i + 3)).map((row) =>
      row.indexOf(Math.max(...row)),
    );
    expect(best).toEqual([...pictures.labels]);
  });

  it("is its own where it knows the classes by name, in their order", async () => {
    const model = await loadModelFile(path);
    const { head, sentence } = await headFor(model, request(["eel", "bee"]));
    expect(sentence).toContain("knows the 2 classes by name");
    const predictor = await Predictor.ofClassifier(testEngine, model.classifier(), { rows: 4 });
    const own = await predictor.predict(pictures);
    await predictor.release();
    const weights = float32Data(head?.weight ?? float32Tensor([0], []));
    const bias = float32Data(head?.bias ?? float32Tensor([0], []));
    const logit = (row: number): number =>
      (bias[row] ?? 0) +
      own.features
        .subarray(0, foreignWidth)
        .reduce((sum, x, j) => sum + x * (weights[row * foreignWidth + j] ?? 0), 0);
    expect(logit(0)).toBeCloseTo(own.logits[4] ?? Number.NaN, 4);
    expect(logit(1)).toBeCloseTo(own.logits[1] ?? Number.NaN, 4);
    expect(own.classes).toBe(foreignClasses);
  });
});

describe("a teacher that is trained further", () => {
  it("has a new head at the whole rate and everything before it at a hundredth", async () => {
    const model = await loadModelFile(path);
    const head = newHead(model, 3, 1);
    const weights = float32Data(newHead(model, 400, 1).weight);
    expect(head.weight.shape).toEqual([3, foreignWidth]);
    expect(Math.hypot(...weights) / Math.sqrt(weights.length)).toBeCloseTo(0.02, 3);
    expect([...float32Data(head.bias)]).toEqual([0, 0, 0]);
    expect(newHead(model, 3, 2).weight).not.toEqual(head.weight);
    const { network } = finetunedNetwork(loadConfiguration("folder"), model, head);
    const graph = new Graph();
    const context = new TrainingContext(graph);
    const images = graph.input("images", { dtype: "float32", shape: [2, 3, size, size] });
    network.build(context, images, { classes: 3, imageSize: size });
    const rates = Object.fromEntries(context.specs.map(({ name, rate }) => [name, rate]));
    expect(rates).toMatchObject({ "head.weight": 1, "head.bias": 1, "trunk.stem.weight": 0.01 });
    expect(new Set(Object.values(rates))).toEqual(new Set([1, 0.01]));
  });

  it("is one that does not name the classes, or any, as the configuration says", async () => {
    const model = await loadModelFile(path);
    expect(knowsClasses(model, ["eel", "bee"])).toBe(true);
    expect(knowsClasses(model, ["eel", "red"])).toBe(false);
    expect(knowsClasses({ ...model, classNames: null }, ["eel"])).toBe(false);
  });
});

describe("a network with a frozen part", () => {
  /** Two steps of training, from pictures or from what the frozen part says of them. */
  async function trained(model: LoadedModel, fromCut: boolean): Promise<Float32Array[]> {
    const { network } = initNetwork(config(), model, {
      weight: float32Tensor([3, foreignWidth], new Float32Array(3 * foreignWidth)),
      bias: float32Tensor([3], [0, 0, 0]),
    });
    const { mean, std } = model.preprocessing;
    const options = { classes: 3, imageSize: size };
    const task = classifierTask(
      {
        seed: 1,
        network: { id: "someone", options, imported: network },
        normalisation: { mean, std },
        batchSize: 6,
        augmentation: { flip: "none" },
        methods: [{ method: crossEntropyMethod, weight: 1 }],
        settings: { training: { labelSmoothing: 0 } },
        ...(fromCut ? { views: await viewsOf(model) } : {}),
      },
      pictures,
    );
    const { parameters } = await train(testEngine, task, {
      name: "test",
      seed: 1,
      steps: 2,
      optimizer: { id: "sgd" },
      schedule: { id: "constant", rate: 0.1 },
    });
    expect([...parameters.keys()]).toEqual([
      "network.trunk.last.weight",
      "network.head.weight",
      "network.head.bias",
    ]);
    return [...parameters.values()].map((tensor) => float32Data(tensor));
  }

  async function viewsOf(model: LoadedModel) {
    const { network } = initNetwork(config(), model, null);
    const graph = new Graph();
    const { mean, std } = model.preprocessing;
    const images = graph.input("images", { dtype: "uint8", shape: [12, 3, size, size] });
    const cut = network.split?.before(normaliseImages(images, { mean, std }));
    if (!cut) throw new Error("no cut");
    graph.output("cut", cut);
    const session = await testEngine.compile(graph);
    const pixels = pictures.read(Array.from({ length: 12 }, (_, i) => i));
    const found = (await session.run({ images: uint8Tensor([12, 3, size, size], pixels) }))["cut"];
    await session.release();
    if (!found) throw new Error("no output");
    const [, ...shape] = found.shape;
    const width = shape.reduce((product, side) => product * side, 1);
    return cutViews({
      views: 1,
      shape,
      row: (row) => float32Data(found).subarray(row * width, (row + 1) * width),
    });
  }

  it("trains to the same weights from its values at the cut as from the pictures", async () => {
    const model = await loadModelFile(path);
    const [whole, cut] = [await trained(model, false), await trained(model, true)];
    whole.forEach((values, i) => {
      const others = cut[i] ?? new Float32Array();
      expect(values.length).toBe(others.length);
      values.forEach((value, at) => expect(others[at]).toBeCloseTo(value, 5));
    });
    expect(whole[1]?.some((value) => value !== 0)).toBe(true);
  });

  it("has as first view the picture, and others that depend on picture and view alone", () => {
    const augmentation = { flip: "random", crop: { padding: 4, mode: "zero" } } as const;
    const view = (indices: number[], which: number): Uint8Array =>
      viewOf(pictures, indices, which, 7, augmentation);
    expect(view([3, 5], 0)).toEqual(pictures.read([3, 5]));
    expect(view([3, 5], 2).subarray(3 * size * size)).toEqual(view([5], 2));
    expect(view([5], 2)).not.toEqual(view([5], 1));
  });
});
