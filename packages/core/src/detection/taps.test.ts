/** Detectors of every kind, as somebody else would write them: an input gradient, a feature map, the last layer, rich parameters. */
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.js";
import type { Taps } from "../classifier/index.js";
import { isOalError } from "../errors/index.js";
import {
  abs,
  conv2d,
  evaluateReference,
  float32Tensor,
  gemm,
  Graph,
  logSumExp,
  minimum,
  less,
  mul,
  neg,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  sub,
  uint8Tensor,
  where,
  type Tensor,
  type Value,
} from "../graph/index.js";
import { normaliseImages } from "../preprocess/index.js";
import { Random } from "../random/index.js";
import {
  allRows,
  areStored,
  bankGraphs,
  choice,
  defineDetector,
  detectorGraph,
  detectors,
  flag,
  list,
  memoryRows,
  real,
  sampledVariant,
  storedStreams,
  type Detector,
  type FitHead,
  type Fitted,
} from "./index.js";

const [N, C, D, S] = [5, 3, 4, 4];
const nothing: Fitted = { tensors: {}, bank: null };
const random = new Random(7, "taps");
const kernel = float32Tensor(
  [D, 3, 3, 3],
  random.normals(0, D * 27).map((each) => each / 4),
);
const head: FitHead = {
  weight: float32Tensor([C, D], random.normals(1, C * D)),
  bias: float32Tensor([C], random.normals(2, C)),
};
const pixels = Uint8Array.from({ length: N * 3 * S * S }, (_, i) => random.integer(3, i, 256));
const images = uint8Tensor([N, 3, S, S], pixels);
const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;

/** From the normalised images on. */
function network(graph: Graph, input: Value): Omit<Taps, "images" | "input"> & { readonly features: Value } {
  const map = relu(conv2d(input, graph.constant(kernel), null, { pads: [1, 1, 1, 1] }));
  const features = reduceMean(map, [2, 3]);
  const [weight, bias] = [graph.constant(head.weight), graph.constant(head.bias)];
  const apply = (given: Value): Value => gemm(given, weight, bias, { transB: true });
  return { features, logits: apply(features), head: { weight, bias, apply }, maps: new Map([["last", map]]) };
}

function model(): { readonly graph: Graph; readonly taps: Taps & { readonly features: Value } } {
  const graph = new Graph();
  const fed = graph.input("images", { dtype: "uint8", shape: [N, 3, S, S] });
  const input = normaliseImages(fed, normalisation);
  return { graph, taps: { images: fed, input, ...network(graph, input) } };
}

function numbers(tensor: Tensor | undefined): number[] {
  return Array.from(tensor?.data ?? [], Number);
}

/** The detector inside the model. */
function scoreInModel(detector: Detector, fitted = nothing, parameters = {}): number[] {
  const { graph, taps } = model();
  graph.output("confidence", detector.score(graph, taps, fitted, parameters));
  return numbers(evaluateReference(graph, { images })["confidence"]);
}

/** Some values of the model. */
function valuesOf(pick: (taps: ReturnType<typeof model>["taps"]) => Value): number[] {
  const { graph, taps } = model();
  graph.output("value", pick(taps));
  return numbers(evaluateReference(graph, { images })["value"]);
}

const energyOf = (logits: readonly number[]): number[] =>
  Array.from({ length: logits.length / C }, (_, i) =>
    Math.log(logits.slice(i * C, i * C + C).reduce((sum, z) => sum + Math.exp(z), 0)),
  );

const told = { title: "a test", source: "this test", formula: "" };

describe("a detector that moves the input along its gradient", () => {
  const moving = defineDetector({
    ...told,
    id: "moving",
    needs: ["images", "logits"],
    parameters: {
      noise: real({ min: 0, default: 0.05, description: "length of the step", reason: "visible here" }),
    },
    score(_graph, { images: shown, logits }, { noise }) {
      const loss = neg(reduceSum(sub(reduceMax(logits, [1]), logSumExp(logits, [1], false)), [0]));
      const [gradient] = gradients(loss, [shown.input]);
      if (!gradient) throw new Error("no gradient");
      const there = shown.at(sub(shown.input, where(less(gradient, 0), -noise, noise)));
      return reduceMax(there(logits), [1]);
    },
  });

  /** log softmax of the predicted class, and the largest logit, of one input in double steps of the reference. */
  function plain(input: Float32Array): { logits: number[] } {
    const graph = new Graph();
    const given = graph.input("input", { dtype: "float32", shape: [N, 3, S, S] });
    graph.output("logits", network(graph, given).logits);
    const fed = float32Tensor([N, 3, S, S], input);
    return { logits: numbers(evaluateReference(graph, { input: fed })["logits"]) };
  }

  it("scores the moved images", () => {
    const input = Float32Array.from(valuesOf(({ input: value, logits }) => value ?? logits));
    const before = plain(input).logits;
    const best = Array.from({ length: N }, (_, i) => {
      const row = before.slice(i * C, i * C + C);
      return row.indexOf(Math.max(...row));
    });
    const lossOf = (at: Float32Array): number[] => {
      const { logits } = plain(at);
      return energyOf(logits).map((energy, i) => energy - (logits[i * C + (best[i] ?? 0)] ?? 0));
    };
    const size = 3 * S * S;
    const moved = input.slice();
    let decided = 0;
    for (let k = 0; k < size; k++) {
      const shifted = (by: number): Float32Array =>
        input.map((value, i) => (i % size === k ? value + by : value));
      const [up, down] = [lossOf(shifted(1e-2)), lossOf(shifted(-1e-2))];
      for (let i = 0; i < N; i++) {
        const slope = (up[i] ?? 0) - (down[i] ?? 0);
        if (Math.abs(slope) > 1e-6) decided++;
        moved[i * size + k] = (input[i * size + k] ?? 0) - 0.05 * (slope < -1e-6 ? -1 : 1);
      }
    }
    expect(decided).toBeGreaterThan(0.8 * N * size);
    const wanted = plain(moved).logits;
    scoreInModel(moving).forEach((value, i) => {
      expect(value).toBeCloseTo(Math.max(...wanted.slice(i * C, i * C + C)), 2);
    });
    expect(scoreInModel(moving)).not.toEqual(scoreInModel(moving, nothing, { noise: 0 }));
    const still = scoreInModel(moving, nothing, { noise: 0 });
    still.forEach((value, i) => expect(value).toBeCloseTo(Math.max(...before.slice(i * C, i * C + C)), 5));
  });

  it("has no place where only outputs were stored", () => {
    expect(areStored(moving.needs)).toBe(false);
    expect(() => detectorGraph(moving, { rows: N, classes: C, featureSize: D }, nothing)).toThrow(
      "detector moving needs images",
    );
  });
});

it("a detector may read a feature map of the model", () => {
  const onMap = defineDetector({
    ...told,
    id: "onMap",
    needs: ["maps.last"],
    parameters: {},
    score: (_graph, { "maps.last": map }) => neg(reduceMax(abs(map), [1, 2, 3])),
  });
  const map = valuesOf(({ maps, logits }) => maps.get("last") ?? logits);
  const wanted = Array.from(
    { length: N },
    (_, i) => -Math.max(...map.slice(i * D * S * S, (i + 1) * D * S * S)),
  );
  expect(scoreInModel(onMap)).toEqual(wanted);
  const { graph, taps } = model();
  expect(() => onMap.score(graph, { ...taps, maps: new Map() }, nothing)).toThrow("needs maps.last");
  expect(graph.outputs.size).toBe(0);
});

describe("a detector that shapes features before the last layer", () => {
  const clipping = defineDetector({
    ...told,
    id: "clipping",
    needs: ["features", "head"],
    parameters: {
      percentile: real({ min: 0, max: 100, default: 50, description: "per cent", reason: "visible here" }),
      over: choice({
        options: ["train", "validation"],
        default: "validation",
        description: "the images of the percentile",
        reason: "OpenOOD's",
      }),
    },
    fit: {
      on: ({ over }) => over,
      needs: ["features"],
      tensors: ["limit"],
      async run(streams, { percentile }) {
        const values: number[] = [];
        for await (const { taps } of streams.batches()) values.push(...taps.features.data);
        values.sort((a, b) => a - b);
        const limit = values[Math.floor(((values.length - 1) * percentile) / 100)] ?? 0;
        expect(streams.head().weight.shape).toEqual([C, D]);
        return { limit: float32Tensor([], [limit]) };
      },
    },
    score: (_graph, { features, head: last, fitted }) =>
      logSumExp(last.apply(minimum(features, fitted.limit)), [1], false),
  });
  const features = valuesOf((taps) => taps.features);
  const stored = (values: readonly number[]): Parameters<typeof storedStreams>[0]["train"] => ({
    labels: new Int32Array(values.length / D),
    logits: memoryRows(new Float32Array((values.length / D) * C), C),
    features: memoryRows(Float32Array.from(values), D),
  });

  it("is the same inside the model and over stored outputs, and reads the set its parameters name", async () => {
    const source = storedStreams(
      { train: stored(features.map(() => 0.1)), validation: stored(features) },
      head,
      2,
    );
    expect([clipping.fitOn(), clipping.fitOn({ over: "train" })]).toEqual(["validation", "train"]);
    const fitted = await clipping.fit(source);
    const limit = numbers(fitted.tensors["limit"])[0] ?? 0;
    expect(limit).toBe(features.toSorted((a, b) => a - b)[9]);
    const [W, b] = [numbers(head.weight), numbers(head.bias)];
    const logits = Array.from({ length: N * C }, (_, at) => {
      const [i, c] = [Math.floor(at / C), at % C];
      return features
        .slice(i * D, i * D + D)
        .reduce((sum, f, j) => sum + Math.min(f, limit) * (W[c * D + j] ?? 0), b[c] ?? 0);
    });
    const inModel = scoreInModel(clipping, fitted);
    inModel.forEach((value, i) => expect(value).toBeCloseTo(energyOf(logits)[i] ?? 0, 4));
    const graph = detectorGraph(clipping, { rows: N, classes: C, featureSize: D }, fitted, {}, head);
    const alone = evaluateReference(graph, { features: float32Tensor([N, D], features) })["confidence"];
    expect(numbers(alone)).toEqual(inModel);
    const trained = await clipping.fit(source, { over: "train" });
    expect(numbers(trained.tensors["limit"])[0]).toBeCloseTo(0.1, 6);
  });

  it("says so where the last layer is not linear", async () => {
    const fitted: Fitted = { ...nothing, tensors: { limit: float32Tensor([], [1]) } };
    expect(() => detectorGraph(clipping, { rows: 1, classes: C, featureSize: D }, fitted)).toThrow(
      "needs head",
    );
    await expect(clipping.fit(storedStreams({ validation: stored(features) }))).rejects.toThrow(
      "needs a linear last layer",
    );
    await expect(clipping.fit(storedStreams({ train: stored(features) }, head))).rejects.toThrow(
      "needs features of the ID validation images",
    );
  });
});

it("parameters may be choices, flags and lists", () => {
  const rich = defineDetector({
    ...told,
    id: "rich",
    needs: ["logits"],
    parameters: {
      norm: choice({
        options: ["l1", "max"],
        default: "l1",
        search: ["l1", "max"],
        description: "norm",
        reason: "first",
      }),
      negative: flag({
        default: false,
        search: [false, true],
        description: "sign",
        reason: "larger is known",
      }),
      weights: list({
        of: "real",
        min: 0,
        length: { min: C, max: C },
        default: [1, 1, 1],
        search: [
          [1, 1, 1],
          [1, 0, 0],
        ],
        description: "weight of every class",
        reason: "all alike",
      }),
    },
    score(graph, { logits }, { norm, negative, weights }) {
      const weighted = abs(mul(logits, graph.constant(float32Tensor([1, C], weights))));
      const value = norm === "l1" ? reduceSum(weighted, [1]) : reduceMax(weighted, [1]);
      return negative ? neg(value) : value;
    },
  });
  const logits = valuesOf((taps) => taps.logits);
  const first = scoreInModel(rich, nothing, { norm: "max", negative: true, weights: [1, 0, 0] });
  expect(first).toEqual(Array.from({ length: N }, (_, i) => -Math.abs(logits[i * C] ?? 0)));
  for (const [name, parameter] of Object.entries(rich.parameters))
    for (const value of parameter.outside())
      expect(() => scoreInModel(rich, nothing, { [name]: value })).toThrow(
        `${name} must be ${parameter.domain}`,
      );
  expect(() => scoreInModel(rich, nothing, { wieghts: [1, 1, 1] })).toThrow('did you mean "weights"?');
});

describe("what its author got wrong is said of the detector", () => {
  const code = async (body: () => unknown): Promise<string> => {
    try {
      await body();
    } catch (error) {
      if (isOalError(error)) return `${error.code} ${error.message}`;
      throw error;
    }
    return "no error";
  };
  const detectorOf = (more: object): Detector =>
    defineDetector({
      ...told,
      id: "wrong",
      needs: ["logits"],
      parameters: {},
      score: (_graph, { logits }) => reduceMax(logits, [1]),
      ...more,
    });

  it("a score that is not one number per image", async () => {
    const wrong = detectorOf({ score: (_graph: Graph, { logits }: { logits: Value }) => logits });
    expect(await code(() => scoreInModel(wrong))).toContain(
      "OAL-E241 detector wrong: its score must be float32[5], one number per image, it is float32[5, 3]",
    );
  });

  it.each([
    ["a tensor it does not name", { other: float32Tensor([], [1]) }, 'it returned "other"'],
    ["a missing tensor", {}, "mean must be a tensor"],
    ["NaN", { mean: float32Tensor([], [NaN]) }, "mean holds NaN"],
  ])("a fit with %s", async (_, result, words) => {
    const fit = { on: "train", needs: ["logits"], tensors: ["mean"], run: () => Promise.resolve(result) };
    const train = {
      labels: Int32Array.of(0),
      logits: memoryRows(new Float32Array(C), C),
      features: memoryRows(new Float32Array(D), D),
    };
    expect(await code(() => detectorOf({ fit }).fit(storedStreams({ train })))).toMatch(
      new RegExp(`^OAL-E240 detector wrong: ${words}`),
    );
  });

  it("a default outside its own domain, a tap that is none, no score", async () => {
    const bad = (): unknown => real({ above: 0, default: 0, description: "x", reason: "y" });
    expect(await code(bad)).toContain("default must be a real number in (0, inf)");
    expect(await code(() => detectorOf({ needs: ["lgits"] }))).toContain('needs[0] must be "images"');
    expect(await code(() => detectorOf({ score: undefined }))).toContain(
      "definition.score must be a function",
    );
  });
});

describe("a bank", () => {
  const knn = detectors.find("knn");
  const count = 40;
  const bank = new Random(9, "bank").normals(0, count * D).map((value, i) => (i < 2 * D ? 1 : value));
  const train = {
    labels: new Int32Array(count),
    logits: memoryRows(new Float32Array(count * C), C),
    features: memoryRows(bank, D),
  };
  const parameters = { neighbours: 6 };
  const features = new Random(9, "queries").normals(0, N * D);
  features.fill(1, 0, D); // the first two rows of the bank: a tie at distance 0
  const fed = { features: float32Tensor([N, D], features) };
  const sizes = { rows: N, classes: C, featureSize: D };

  it.each([1, 7, 16, 40])("compared in blocks of %j rows gives what one graph gives", async (block) => {
    const fitted = await knn.fit(storedStreams({ train }), parameters);
    const whole = evaluateReference(detectorGraph(knn, sizes, fitted, parameters), fed)["confidence"];
    const graphs = bankGraphs(knn, { classes: C, featureSize: D }, {}, parameters);
    const rows = fitted.bank;
    if (!rows) throw new Error("no bank");
    let running: Tensor | undefined;
    for (let start = 0; start < count; start += block) {
      const end = Math.min(count, start + block);
      const size = end - start;
      const fedRows = { ...fed, rows: float32Tensor([size, rows.width], rows.read(start, end)) };
      const part = evaluateReference(graphs.partial(size, rows.width), fedRows)["partial"];
      if (!part) throw new Error("no partial");
      expect(part.shape[1]).toBe(graphs.answerWidth(size, rows.width));
      const merged: Tensor | undefined = running
        ? evaluateReference(graphs.merge(running.shape[1] ?? 0, part.shape[1] ?? 0), {
            first: running,
            second: part,
          })["merged"]
        : part;
      running = merged;
    }
    if (!running) throw new Error("no answer");
    const graph = graphs.score(running.shape[1] ?? 0);
    const alone = evaluateReference(graph, { ...fed, compared: running })["confidence"];
    expect(numbers(alone)).toEqual(numbers(whole));
  });

  it("too large for one file is refused, its sampled variant is a detector of its own", async () => {
    const fitted = await knn.fit(storedStreams({ train }), parameters);
    const whole = { detector: knn, parameters, fitted };
    const width = D + 1;
    const sampled = sampledVariant(whole, { bytes: 4 * width * 10 });
    expect(sampled.detector.id).toBe("knn-sampled");
    expect(sampled.parameters).toEqual({ neighbours: 2 }); // 6 of 40 rows are as 1.5 of 10
    const all = allRows(fitted.bank ?? train.features);
    const rows = allRows(sampled.fitted.bank ?? train.features);
    expect(rows.length).toBe(10 * width);
    const rowAt = (from: Float32Array, i: number): string => from.slice(i * width, (i + 1) * width).join();
    const known = new Set(Array.from({ length: count }, (_, i) => rowAt(all, i)));
    for (let i = 0; i < 10; i++) expect(known.has(rowAt(rows, i))).toBe(true);
    const graph = detectorGraph(sampled.detector, sizes, sampled.fitted, sampled.parameters);
    expect(numbers(evaluateReference(graph, fed)["confidence"]).every(Number.isFinite)).toBe(true);
    const huge = { tensors: {}, bank: { count: 2e6, width: 2048, read: () => new Float32Array() } };
    expect(() => detectorGraph(knn, { ...sizes, featureSize: 2048 }, huge)).toThrowError(
      expect.objectContaining({ code: "OAL-E242" }),
    );
  });
});
