/** Detectors that run inside the model, banks in blocks, and the search: what an evaluation does beyond stored outputs. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  abs,
  auroc,
  conv2d,
  defineDetector,
  detectorGraph,
  detectors,
  float32Tensor,
  gemm,
  Graph,
  gradients,
  integer,
  logSumExp,
  minimum,
  mul,
  neg,
  normaliseImages,
  oalError,
  Random,
  real,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  resolveParameters,
  storedStreams,
  sub,
  uint8Tensor,
  type Classifier,
  type Detector,
  type Engine,
  type FittedDetector,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { fitDetector, fitGround } from "./fit.js";
import { FitCache } from "./fitCache.js";
import { evaluate, outputsInMemory, type OutputSet, type SetGroup } from "./index.js";
import { mayChoose } from "./result.js";
import type { ModelSource } from "./modelTaps.js";
import { scoreSets, scoreTogether } from "./score.js";
import { searchGrid } from "./search.js";

const [C, D, S] = [3, 4, 4];
const random = new Random(7, "in model");
const kernel = float32Tensor([D, 3, 3, 3], random.normals(0, D * 27));
const weight = float32Tensor([C, D], random.normals(1, C * D));
const bias = float32Tensor([C], random.normals(2, C));

function build(batch: number): Classifier {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: [batch, 3, S, S] });
  const input = normaliseImages(images, { mean: [0.5, 0.5, 0.5], std: [0.2, 0.25, 0.3] });
  const map = relu(conv2d(input, graph.constant(kernel), null, { pads: [1, 1, 1, 1] }));
  const features = reduceMean(map, [2, 3]);
  // a weight that is no constant, as airbench's
  const head = { weight: mul(graph.constant(weight), 1), bias: graph.constant(bias) };
  const apply = (given: typeof features): typeof features =>
    gemm(given, head.weight, head.bias, { transB: true });
  const maps = new Map([["last", map]]);
  return {
    graph,
    taps: { images, input, features, logits: apply(features), head: { ...head, apply }, maps },
  };
}

const model: ModelSource = { batch: 8, size: S, build };

/** Images of a set, and what the model says of them. */
async function set(name: string, group: SetGroup, count: number, bright: number): Promise<OutputSet> {
  const draws = new Random(3, name);
  const pixels = Uint8Array.from({ length: count * 3 * S * S }, (_, i) => draws.integer(0, i, bright));
  const { graph, taps } = build(count);
  graph.output("logits", taps.logits);
  if (taps.features) graph.output("features", taps.features);
  const session = await testEngine.compile(graph);
  const { logits, features } = await session.run({ images: uint8Tensor([count, 3, S, S], pixels) });
  await session.release();
  if (!(logits?.data instanceof Float32Array) || !(features?.data instanceof Float32Array)) throw new Error();
  const read = (start: number, end: number): Uint8Array =>
    pixels.subarray(start * 3 * S * S, end * 3 * S * S);
  const ids = Array.from({ length: count }, (_, i) => `${name}/${i}`);
  const labels = Int32Array.from(ids, (_, i) => i % C);
  const flat = { logits: logits.data, features: features.data };
  return {
    ...outputsInMemory({ name, group, labels, ids, ...flat }, { classes: C, featureSize: D }),
    images: { read },
  };
}

const sets = [
  await set("train", "train", 45, 256),
  await set("val", "validation", 21, 256),
  await set("test", "test", 30, 256),
  await set("far", "far", 11, 200),
  await set("choose", "validation-near", 13, 255),
];
const told = { title: "a test", source: "this test", formula: "" };

const moving = defineDetector({
  ...told,
  id: "test-moving",
  needs: ["images", "logits"],
  parameters: {
    noise: real({ min: 0, default: 0.01, search: [0, 10, 1000], description: "step", reason: "small" }),
  },
  score(_graph, { images, logits }, { noise }) {
    const loss = reduceSum(sub(logSumExp(logits, [1], false), reduceMax(logits, [1])), [0]);
    const [gradient] = gradients(loss, [images.input]);
    if (!gradient) throw new Error("no gradient");
    return reduceMax(images.at(sub(images.input, mul(gradient, noise)))(logits), [1]);
  },
});

/** Fitted on a map, scored on the map. */
const onMap = defineDetector({
  ...told,
  id: "test-map",
  needs: ["maps.last"],
  parameters: {},
  fit: {
    on: "train",
    needs: ["maps.last"],
    tensors: ["mean"],
    async run(streams) {
      let sum = 0;
      let count = 0;
      for await (const { taps } of streams.batches()) {
        expect(taps["maps.last"].shape.slice(1)).toEqual([D, S, S]);
        for (const value of taps["maps.last"].data) sum += value;
        count += taps["maps.last"].data.length;
      }
      expect(count).toBe(45 * D * S * S);
      return { mean: float32Tensor([], [sum / count]) };
    },
  },
  score: (_graph, { "maps.last": map, fitted }) => neg(abs(sub(reduceMean(map, [1, 2, 3]), fitted.mean))),
});

const clipping = defineDetector({
  ...told,
  id: "test-clipping",
  needs: ["features", "head"],
  parameters: {},
  fit: {
    on: "validation",
    needs: ["features"],
    tensors: ["limit"],
    run(streams) {
      expect(streams.head().weight.data).toEqual(weight.data);
      return Promise.resolve({ limit: float32Tensor([], [1]) });
    },
  },
  score: (_graph, { features, head, fitted }) =>
    logSumExp(head.apply(minimum(features, fitted.limit)), [1], false),
});

for (const detector of [moving, onMap, clipping]) detectors.register(detector);

describe("an evaluation with the model at hand", () => {
  it("runs detectors of an input gradient, of a map and of the last layer", async () => {
    const asked = [{ id: "test-moving", parameters: { noise: 0 } }, "test-map", "test-clipping", "mls"];
    const { result, scores } = await evaluate(testEngine, "m", 0, sets, {
      detectors: asked,
      resamples: 0,
      classifier: model,
    });
    expect(result.warnings).toEqual([]);
    const test = scores.sets.find(({ name }) => name === "test")?.confidence ?? {};
    Array.from(test["test-moving"] ?? []).forEach((value, i) =>
      expect(value).toBeCloseTo(test["mls"]?.[i] ?? 0, 4),
    );
    expect(Object.keys(test)).toEqual(["test-moving", "test-map", "test-clipping", "mls"]);
    expect(new Set(Array.from(test["test-map"] ?? [])).size).toBeGreaterThan(20);
    const validation = scores.sets.find(({ name }) => name === "val");
    const clipped = Array.from(test["test-clipping"] ?? []);
    expect(clipped.every(Number.isFinite)).toBe(true);
    expect(result.detectors[1]?.decision?.count).toBe(validation?.labels.length);
  });

  it("leaves them out, saying why, where only outputs are at hand", async () => {
    const asked = ["test-moving", "test-map", "test-clipping", "mls"];
    const { result } = await evaluate(testEngine, "m", 0, sets, { detectors: asked, resamples: 0 });
    expect(result.detectors.map(({ id }) => id)).toEqual(["mls"]);
    expect(result.warnings.map((text) => text.replace(/, which.*/, ""))).toEqual([
      "detector test-map needs maps.last of the ID train images",
      "detector test-clipping needs a linear last layer",
      "detector test-moving needs the model itself",
    ]);
  });
});

it("detectors inside the model share a pass, and one that the model cannot serve does not end the others", async () => {
  let builds = 0;
  const counted: ModelSource = { ...model, build: (batch) => ((builds += 1), build(batch)) };
  const ground = { engine: testEngine, model: counted };
  const plain = (detector: Detector, parameters = {}) => ({
    detector,
    parameters: resolveParameters(detector.id, detector.parameters, parameters),
    fitted: { tensors: {}, bank: null },
  });
  const able = [plain(moving), plain(moving, { noise: 10 }), plain(detectors.find("odin"))];
  const tested = sets.filter(({ group }) => group !== "train");
  const together = await scoreTogether(able, tested, ground);
  expect(builds).toBe(1);
  for (const [k, each] of able.entries()) {
    const [scores, alone] = [together[k] ?? [], await scoreSets(each, tested, ground)];
    if (scores instanceof Error) throw scores;
    // an engine joins nodes in another way, which moves last bits
    alone.forEach((own, set) =>
      own.forEach((value, i) =>
        expect(Math.abs((scores[set]?.[i] ?? NaN) - value)).toBeLessThan(1e-5 * (1 + Math.abs(value))),
      ),
    );
  }
  // RankFeat wants the maps of two stages, of which this model has none
  const mixed = await scoreTogether([plain(detectors.find("rankfeat")), ...able], tested, ground);
  expect(mixed[0]).toMatchObject({ code: "OAL-E203" });
  expect(mixed.slice(1).map((scores) => scores instanceof Error)).toEqual([false, false, false]);
});

it("a fit through the network is kept, for the same network and pictures", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oal-fits-"));
  let runs = 0;
  const counted: Engine = {
    ...testEngine,
    compile: (...given) => ((runs += 1), testEngine.compile(...given)),
  };
  const fit = async (own: ModelSource, on: readonly OutputSet[]): Promise<FittedDetector> => {
    const asked = [{ detector: onMap, parameters: {} }];
    const ground = await fitGround(counted, on, own, asked, { fits: new FitCache(folder, 0) });
    const outcome = await fitDetector({ detector: onMap, parameters: {} }, ground);
    if ("reason" in outcome) throw outcome.reason;
    return outcome.fitted;
  };
  const first = await fit(model, sets);
  expect([runs, readdirSync(folder).length]).toEqual([1, 1]);
  expect(await fit({ ...model }, sets)).toEqual(first);
  expect(runs).toBe(1);
  // the same logits and features, but another map
  const doubled = (batch: number): Classifier => {
    const { graph, taps } = build(batch);
    const [map] = taps.maps.values();
    if (!map) throw new Error("no map");
    return { graph, taps: { ...taps, maps: new Map([["last", mul(map, 2)]]) } };
  };
  const second = await fit({ ...model, build: doubled }, sets);
  expect(second.fitted.tensors["mean"]).not.toEqual(first.fitted.tensors["mean"]);
  const others = [await set("train", "train", 45, 100), ...sets.slice(1)];
  expect((await fit(model, others)).fitted.tensors["mean"]).not.toEqual(first.fitted.tensors["mean"]);
  expect([runs, readdirSync(folder).length]).toEqual([3, 3]);
  rmSync(folder, { recursive: true, force: true });
});

describe("a bank", () => {
  it("of several blocks gives the same scores to the bit, ties included, and those of one graph", async () => {
    const [count, width, neighbours] = [9000, 160, 3];
    const stored = (name: string, group: SetGroup, n: number): OutputSet => {
      const features = new Random(5, name).normals(0, n * width);
      features.fill(1, 0, 3 * width); // equal rows, in every set
      const ids = Array.from({ length: n }, (_, i) => `${name}/${i}`);
      const flat = { logits: new Float32Array(n * 2), features };
      const labels = Int32Array.from(ids, (_, i) => i % 2);
      return outputsInMemory({ name, group, labels, ids, ...flat }, { classes: 2, featureSize: width });
    };
    const [train, test] = [stored("train", "train", count), stored("test", "test", 300)];
    const detector = detectors.find("knn");
    const fitted = await detector.fit(storedStreams({ train }), { neighbours });
    const scored = async (rows: number, products: number, answers: number): Promise<Float32Array> => {
      const memory = { rows: rows * 4 * (width + 1), products: 4 * products, answers: 4 * answers };
      const ground = { engine: testEngine, bankMemory: memory };
      const [scores] = await scoreSets({ detector, parameters: { neighbours }, fitted }, [test], ground);
      return scores ?? new Float32Array();
    };
    const whole = await scored(count, 300 * count, 1e6);
    expect(await scored(4000, 64 * 4000, 1)).toEqual(whole); // three blocks, chunks of 80 images, one chunk's answers at a time
    expect(await scored(1000, 0, 1e6)).toEqual(whole);
    expect(whole[0]).toBe(whole[2]);
    const sizes = { rows: 300, classes: 2, featureSize: width };
    const session = await testEngine.compile(detectorGraph(detector, sizes, fitted, { neighbours }));
    const features = float32Tensor([300, width], test.features.read(0, 300));
    const { confidence } = await session.run({ features });
    // an engine sums constants in another order
    confidence?.data.forEach((value, i) => expect(Number(value)).toBeCloseTo(whole[i] ?? NaN, 6));
  });

  const asked = { detectors: [{ id: "knn", parameters: { neighbours: 4 } }], resamples: 0 };

  it("too large for one graph has a sampled variant beside it", async () => {
    const usual = await evaluate(testEngine, "m", 0, sets, asked);
    const large = await evaluate(testEngine, "m", 0, sets, { ...asked, largestBank: 20 * 4 * (D + 1) });
    usual.scores.sets.forEach(({ confidence }, k) => {
      const other = large.scores.sets[k]?.confidence ?? {};
      expect(other["knn"]).toEqual(confidence["knn"]);
      expect(other["knn-sampled"]).not.toEqual(confidence["knn"]);
    });
    expect(large.result.detectors.map(({ id, parameters }) => [id, parameters])).toEqual([
      ["knn", { neighbours: 4 }],
      ["knn-sampled", { neighbours: 2 }],
    ]);
    expect(large.result.warnings).toEqual([
      "knn: its bank of 1 MB is too large for a model file; knn-sampled, with 20 of its 45 rows, is measured beside it and can be one",
    ]);
    expect(large.fitted[1]?.fitted.bank?.count).toBe(20);
  });
});

it("an evaluation ends between two batches where it is told to", async () => {
  const stop = new Error("stopped");
  for (const [detector, largestBank] of [
    ["mls", undefined],
    ["test-moving", undefined],
    ["test-map", undefined],
    [{ id: "knn", parameters: { neighbours: 4 } }, 20 * 4 * (D + 1)],
  ] as const)
    for (const after of [0, 1, 2]) {
      let batches = 0;
      const onBatch = (): void => {
        if (batches++ === after) throw stop;
      };
      const options = { detectors: [detector], resamples: 0, classifier: model, largestBank, onBatch };
      await expect(evaluate(testEngine, "m", 0, sets, options)).rejects.toBe(stop);
    }
});

describe("the search of parameters", () => {
  const measured = async (noise: number): Promise<number> => {
    const detector = { id: "test-moving", parameters: { noise } };
    const options = { detectors: [detector], resamples: 0, classifier: model };
    const { validation } = await evaluate(testEngine, "m", 0, sets, options);
    const [known, unknown] =
      validation?.scores.sets.map(({ confidence }) => confidence["test-moving"] ?? []) ?? [];
    return auroc(known ?? [], unknown ?? []);
  };

  it("takes the largest AUROC on validation images, and tells every candidate", async () => {
    const options = { detectors: ["test-moving"], resamples: 0, classifier: model, search: true };
    const { result } = await evaluate(testEngine, "m", 0, sets, options);
    const [found] = result.detectors;
    const candidates = found?.search?.candidates ?? [];
    expect(candidates.map(({ parameters }) => parameters["noise"])).toEqual([0, 10, 1000]);
    for (const { parameters, auroc: value } of candidates)
      expect(value).toBe(await measured(Number(parameters["noise"])));
    const values = candidates.map((each) => each.auroc);
    const best = candidates[values.indexOf(Math.max(...values))];
    expect(found?.parameters).toEqual(best?.parameters);
    expect(new Set(values).size).toBeGreaterThan(1);
  });

  it("tries all combinations, the first parameter fastest; a tie goes to the first; what the user gave stays", async () => {
    const seen: string[] = [];
    const constant = defineDetector({
      ...told,
      id: "test-constant",
      needs: ["logits"],
      parameters: {
        a: integer({ default: 9, search: [1, 2], description: "a", reason: "none" }),
        b: integer({ default: 9, search: [3, 4], description: "b", reason: "none" }),
        c: integer({ default: 9, search: [5, 6], description: "c", reason: "none" }),
      },
      score(_graph, { logits }, { a, b, c }) {
        seen.push([a, b, c].join(""));
        return reduceMax(logits, [1]);
      },
    });
    detectors.register(constant);
    const detector = { id: "test-constant", parameters: { c: 7 } };
    const { result } = await evaluate(testEngine, "m", 0, sets, {
      detectors: [detector],
      resamples: 0,
      search: true,
    });
    expect(seen.slice(0, 4)).toEqual(["137", "237", "147", "247"]);
    expect(result.detectors[0]?.parameters).toEqual({ a: 1, b: 3, c: 7 });
    expect(result.detectors[0]?.search?.candidates).toHaveLength(4);
  });

  it("tries the protocol's values, and no others", () => {
    const percentiles = [60, 65, 70, 75, 80, 85, 90, 95, 99];
    const pairs = percentiles.flatMap((low, i) => percentiles.slice(i + 1).map((high) => [low, high]));
    const shaping = { percentile: [65, 70, 75, 80, 85, 90, 95] };
    const scaling = { percentiles: pairs, kept: [5], changed: [1], weight: [10], moved: [0.05] };
    const perturbing = { temperature: [1, 10, 100, 1000], noise: [0.0014, 0.0028] };
    const protocol: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
      ebo: { temperature: [1] },
      gen: { gamma: [0.01, 0.1, 0.5, 1, 2, 5, 10], largest: [10, 50, 100, 200, 500, 1000] },
      odin: perturbing,
      iodin: perturbing,
      knn: { neighbours: [50, 100, 200, 500, 1000] },
      vim: { dimensions: [256, 1000] },
      react: { percentile: [85, 90, 95, 99] },
      ash_b: shaping,
      ash_p: shaping,
      ash_s: shaping,
      scale: shaping,
      adascale_a: scaling,
      adascale_l: scaling,
      vra: { high: [85, 90, 95, 99], low: [1, 5, 10, 15] },
      relation: { power: [1, 2, 4, 6, 8] },
      fdbd: { centred: [true, false] },
      nci: { alpha: [1e-4, 1e-3, 1e-2, 1e-1] },
      gram: { powers: [[1, 2, 3, 4, 5]] },
      // of a head that needs its own training, which the protocol leaves out: the values of the paper
      godin: { score: ["h", "g"], noise: [0, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08] },
      // not in the protocol either: the authors' steepness, and the flatter ones that a fit falls back to
      nac_last: { steepness: [[100], [10], [1], [0.1], [0.01]] },
    };
    const published = detectors.all.filter(({ source }) => source !== told.source);
    for (const { id, parameters } of published) {
      const lists = Object.entries(parameters).flatMap(([name, { search }]) =>
        search ? [[name, search]] : [],
      );
      expect(Object.fromEntries(lists), id).toEqual(protocol[id] ?? {});
    }
    expect(pairs).toHaveLength(36);
    expect(searchGrid(detectors.find("vra"), {}).slice(0, 5)).toEqual([
      { high: 85, low: 1 },
      { high: 90, low: 1 },
      { high: 95, low: 1 },
      { high: 99, low: 1 },
      { high: 85, low: 5 },
    ]);
    expect(searchGrid(detectors.find("mls"), {})).toEqual([]);
  });

  /** A detector of a rank among the images of its fit, and what is searched of it. */
  const ranked = (id: string, search: readonly number[]): Detector =>
    defineDetector({
      ...told,
      id,
      needs: ["logits"],
      parameters: { rank: integer({ default: 1, search, description: "rank", reason: "first" }) },
      fit: {
        on: "train",
        needs: ["logits"],
        tensors: [],
        run(streams, { rank: value }) {
          if (value <= streams.count) return Promise.resolve({});
          throw oalError("OAL-E204", { detector: id, parameter: "rank", value, available: 45 });
        },
      },
      score: (_graph, { logits }) => reduceMax(logits, [1]),
    });

  it("passes over a value that the data cannot meet, with a warning", async () => {
    detectors.register(ranked("test-some", [1, 99]));
    const options = { detectors: ["test-some"], resamples: 0, search: true };
    const [found] = (await evaluate(testEngine, "m", 0, sets, options)).result.detectors;
    expect(found?.search?.candidates.map(({ parameters }) => parameters)).toEqual([{ rank: 1 }]);
    const { warnings } = (await evaluate(testEngine, "m", 0, sets, options)).result;
    expect(warnings).toEqual([
      "test-some: rank 99 was left out of the search, because detector test-some: rank is 99, but the bank holds 45 features",
    ]);
  });

  it("falls back where no value can be met, and does nothing without unknown validation images", async () => {
    detectors.register(ranked("test-none", [98, 99]));
    const options = { detectors: ["test-none"], resamples: 0, search: true };
    const { result } = await evaluate(testEngine, "m", 0, sets, options);
    expect(result.warnings).toEqual([
      expect.stringMatching(/^test-none: rank 98 was left out of the search, because .* holds 45 features$/),
      expect.stringMatching(/^test-none: rank 99 was left out of the search/),
      "test-none: no value of the search can be used here, so nothing was chosen by it",
    ]);
    expect(result.detectors[0]?.parameters).toEqual({ rank: 1 });
    expect(result.detectors[0]?.search).toBeUndefined();
    const known = sets.filter(({ group }) => !mayChoose(group));
    const without = (await evaluate(testEngine, "m", 0, known, options)).result;
    expect(without.warnings[0]).toContain("parameters were not searched");
    expect(without.detectors[0]?.search).toBeUndefined();
  });
});
