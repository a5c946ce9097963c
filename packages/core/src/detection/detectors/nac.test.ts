/** Neuron activation coverage by its definition: thresholds, counts, gradients by differences. */
import { describe, expect, it } from "vitest";
import type { Classifier } from "../../classifier/index.js";
import {
  add,
  conv2d,
  evaluateReference,
  gemm,
  Graph,
  reduceMean,
  relu,
  type Tensor,
  type Value,
} from "../../graph/index.js";
import { Random } from "../../random/index.js";
import {
  binCount,
  binOf,
  binsOf,
  CoverageCounts,
  coverageLayer,
  type CoverageLayer,
} from "../activationCoverage.js";
import { balancedDraw } from "../fitting/draw.js";
import { detectors, type FitSource } from "../index.js";
import { hasAll } from "../inputs.js";

const random = new Random(6, "coverage");
const tensor = (shape: readonly number[], step: number, scale = 1): Tensor => ({
  dtype: "float32",
  shape,
  data: random
    .normals(
      step,
      shape.reduce((product, extent) => product * extent, 1),
    )
    .map((z) => scale * z),
});

/** The authors' thresholds of M, by their definition: log_1000 of even steps up to a half, mirrored. */
function thresholds(bins: number): number[] {
  const half = Math.floor(bins / 2);
  const low = Array.from(
    { length: half },
    (_, k) => Math.log(1 + (k * (Math.sqrt(1000) - 1)) / (half - 1)) / Math.log(1000),
  );
  return [...low.slice(0, -1), ...low.map((t) => 1 - t).toReversed()];
}

describe("bins", () => {
  it.each([
    { steepness: 100, bins: 50, enough: 1 },
    { steepness: 3, bins: 501, enough: 1 },
    { steepness: 0.5, bins: 4, enough: 1 },
  ] satisfies CoverageLayer[])("of $bins thresholds lie between them", (layer) => {
    const states = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / (20 * layer.steepness) + 1e-7);
    const graph = new Graph();
    const input = graph.input("s", { dtype: "float32", shape: [1, 400] });
    graph.output("bins", binsOf(input, layer));
    const found = evaluateReference(graph, { s: { dtype: "float32", shape: [1, 400], data: states } })[
      "bins"
    ];
    const limits = thresholds(layer.bins);
    expect(binCount(layer)).toBe(limits.length - 1);
    states.forEach((s, i) => {
      const state = 1 / (1 + Math.exp(-layer.steepness * s));
      if (limits.some((t) => Math.abs(t - state) < 1e-6)) return; // single precision decides
      const expected = limits.findLastIndex((t) => state >= t);
      expect(binOf(s, layer), String(s)).toBe(Math.min(expected, binCount(layer) - 1));
      expect(Number(found?.data[i]), String(s)).toBe(binOf(s, layer));
    });
  });

  it("a neuron that says nothing, and one that says all there is to say", () => {
    const layer = { steepness: 100, bins: 50, enough: 1 };
    expect([binOf(0, layer), binOf(-1e9, layer), binOf(1e9, layer)]).toEqual([24, 0, 47]);
  });
});

it("draws as many images of every class", () => {
  const labels = Int32Array.from({ length: 90 }, (_, i) => (i < 60 ? 0 : i < 80 ? 1 : 2));
  const drawn = balancedDraw(labels, 24, 1, "test");
  expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
  expect([0, 1, 2].map((c) => drawn.filter((i) => labels[i] === c).length)).toEqual([8, 8, 8]);
  expect(balancedDraw(labels, 1000, 1, "test")).toHaveLength(90);
  expect(balancedDraw(labels, 24, 2, "test")).not.toEqual(drawn);
});

it("a class of one image gives it, the larger ones make up for it, and those of no class give none", () => {
  const labels = Int32Array.from({ length: 90 }, (_, i) => (i < 60 ? 0 : i < 80 ? 1 : i < 81 ? 2 : -1));
  const drawn = balancedDraw(labels, 24, 1, "test");
  expect([0, 1, 2, -1].map((c) => drawn.filter((i) => labels[i] === c).length)).toEqual([12, 11, 1, 0]);
});

describe("counts", () => {
  const layer = { steepness: 4, bins: 10, enough: 2 };

  it("are enough with fewer images where fewer are looked at", () => {
    const values = { steepness: [4], bins: [10], enough: [50], samples: 1000, seed: 0 };
    expect(coverageLayer(values, 0, 80).enough).toBe(4);
    expect(coverageLayer(values, 0, 5).enough).toBe(1);
    expect([coverageLayer(values, 0, 3000).enough, coverageLayer(values, 0).enough]).toEqual([50, 50]);
  });

  it("that cover no activity as well as the images themselves are refused", () => {
    const counted = (states: readonly number[]): CoverageCounts => {
      const counts = new CoverageCounts([layer], [0, 0], states.length);
      for (const state of states) counts.add([binOf(state, layer), binOf(-state, layer)]);
      return counts;
    };
    const active = Array.from({ length: 20 }, (_, i) => 0.3 + 0.02 * (i % 3));
    expect(counted(active).coverage("nac").shape).toEqual([2 * binCount(layer)]);
    const still = [...active.slice(0, 10), ...Array.from({ length: 10 }, () => 0)];
    expect(() => counted(still).coverage("nac")).toThrow(
      "detector nac: a picture whose neurons say nothing would be covered as well (100.0 %) as the training pictures are (median 100.0 %)",
    );
  });
});

const [C, d, S] = [3, 4, 4];
const kernels = [tensor([5, 3, 3, 3], 0, 0.4), tensor([d, 5, 3, 3], 1, 0.4)] as const;
const head = { weight: tensor([C, d], 2), bias: tensor([C], 3) };

/** Two convolutions, means, a linear layer; "change" [1, 5, 1, 1] is added to every place of the first map. */
function network(count: number): Classifier {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "float32", shape: [count, 3, S, S] });
  const pads = [1, 1, 1, 1] as const;
  const change = graph.input("change", { dtype: "float32", shape: [1, 5, 1, 1] });
  const first = add(relu(conv2d(images, graph.constant(kernels[0]), null, { pads })), change);
  const last = relu(conv2d(first, graph.constant(kernels[1]), null, { pads }));
  const features = reduceMean(last, [2, 3], false);
  const [weight, bias] = [graph.constant(head.weight), graph.constant(head.bias)];
  const apply = (x: Value): Value => gemm(x, weight, bias, { transB: true });
  const maps = new Map([
    ["first", first],
    ["last", last],
  ]);
  const taps = {
    images,
    input: images,
    maps,
    features,
    logits: apply(features),
    head: { weight, bias, apply },
  };
  return { graph, taps };
}

const still: Tensor = { dtype: "float32", shape: [1, 5, 1, 1], data: new Float32Array(5) };
const pictures = (count: number, step: number): Tensor => tensor([count, 3, S, S], step);

/** Some values of the network on pictures, by name. */
function run(built: Classifier, images: Tensor, change = still): Readonly<Record<string, number[]>> {
  const found = evaluateReference(built.graph, { images, change });
  return Object.fromEntries(
    Object.entries(found).map(([name, { data }]) => [name, Array.from(data, Number)]),
  );
}

const trained = 24;
const labels = Int32Array.from({ length: trained }, (_, i) => i % C);
const training = pictures(trained, 10);
const settings = { steepness: [4, 0.5], bins: [10, 12], enough: [3, 5], samples: trained };
const layers: CoverageLayer[] = [
  { steepness: 4, bins: 10, enough: 3 },
  { steepness: 0.5, bins: 12, enough: 5 },
];

/** Streams of the network's own values on the training pictures, and of what is measured inside it. */
const source: FitSource = (set, taps, measured) => ({
  set,
  count: trained,
  classes: C,
  head,
  async *batches() {
    const built = network(trained);
    for (const tap of taps) {
      const { features, logits } = built.taps;
      const value =
        tap === "measured" ? measured?.(built.graph, built.taps) : tap === "features" ? features : logits;
      if (value) built.graph.output(tap, value);
    }
    const found = run(built, training);
    const rows = (name: string) => {
      const data = Float32Array.from(found[name] ?? []);
      return { shape: [trained, data.length / trained], data };
    };
    const record = Object.fromEntries(taps.map((tap) => [tap, rows(tap)]));
    if (hasAll(record, taps)) yield { count: trained, labels, taps: record };
    await Promise.resolve();
  },
});

/** log Σ exp z - mean z of every picture. */
function divergences(images: Tensor, change = still): number[] {
  const built = network(images.shape[0] ?? 0);
  built.graph.output("logits", built.taps.logits);
  const { logits = [] } = run(built, images, change);
  return Array.from({ length: logits.length / C }, (_, i) => {
    const z = logits.slice(C * i, C * (i + 1));
    return Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0)) - z.reduce((sum, x) => sum + x, 0) / C;
  });
}

/** States of the features (closed form) and of the first map (by differences), [N][d + 5]. */
function statesOf(images: Tensor): number[][] {
  const count = images.shape[0] ?? 0;
  const built = network(count);
  const { features, logits, maps } = built.taps;
  built.graph.output("logits", logits);
  if (features) built.graph.output("features", features);
  const first = maps.get("first");
  if (first) built.graph.output("first", first);
  const found = run(built, images);
  const slopes = Array.from({ length: 5 }, (_, c) => {
    const step = (size: number): number[] =>
      divergences(images, {
        ...still,
        data: Float32Array.from({ length: 5 }, (_v, k) => (k === c ? size : 0)),
      });
    const [up, down] = [step(2e-3), step(-2e-3)];
    return up.map((value, i) => (value - (down[i] ?? 0)) / 4e-3);
  });
  const weight = Array.from(head.weight.data, Number);
  return Array.from({ length: count }, (_, i) => {
    const z = (found["logits"] ?? []).slice(C * i, C * (i + 1));
    const sum = z.reduce((total, x) => total + Math.exp(x), 0);
    const own = Array.from({ length: d }, (_v, j) => {
      const gradient = z.reduce(
        (total, x, c) => total + (weight[c * d + j] ?? 0) * (Math.exp(x) / sum - 1 / C),
        0,
      );
      return (found["features"]?.[i * d + j] ?? 0) * gradient;
    });
    const map = Array.from({ length: 5 }, (_v, c) => {
      const places = (found["first"] ?? []).slice((5 * i + c) * S * S, (5 * i + c + 1) * S * S);
      return places.reduce((total, x) => total + x, 0) * (slopes[c]?.[i] ?? 0);
    });
    return [...own, ...map];
  });
}

/** The mean over layers of the mean of what training states cover. */
function coverage(
  states: readonly number[][],
  tested: readonly number[][],
  widths: readonly number[],
): number[] {
  const layerOf = widths.flatMap((width, k) => Array.from({ length: width }, () => k));
  const bin = (state: number, j: number): number =>
    binOf(state, layers[layerOf[j] ?? 0] ?? { steepness: 1, bins: 4, enough: 1 });
  return tested.map((row) => {
    const covered = row.map((state, j) => {
      const n = states.filter((other) => bin(other[j] ?? 0, j) === bin(state, j)).length;
      return Math.min(1, n / (layers[layerOf[j] ?? 0]?.enough ?? 1));
    });
    const means = widths.map(
      (width, k) => covered.filter((_, j) => layerOf[j] === k).reduce((sum, x) => sum + x, 0) / width,
    );
    return means.reduce((sum, x) => sum + x, 0) / means.length;
  });
}

describe("coverage", () => {
  const tested = pictures(7, 11);
  const [known, asked] = [statesOf(training), statesOf(tested)];

  it("of the features and the first map, with gradients as differences have them", async () => {
    const nac = detectors.find("nac");
    const kept = await nac.fit(source, settings);
    const built = network(7);
    built.graph.output("confidence", nac.score(built.graph, built.taps, kept, settings));
    const { confidence } = run(built, tested);
    coverage(known, asked, [d, 5]).forEach((value, i) => expect(confidence?.[i]).toBeCloseTo(value, 5));
  });

  it("of the features alone", async () => {
    const last = detectors.find("nac_last");
    const given = { steepness: [4], bins: [10], enough: [3], samples: trained };
    const kept = await last.fit(source, given);
    const built = network(7);
    built.graph.output("confidence", last.score(built.graph, built.taps, kept, given));
    const { confidence } = run(built, tested);
    const own = (rows: readonly number[][]): number[][] => rows.map((row) => row.slice(0, d));
    coverage(own(known), own(asked), [d]).forEach((value, i) =>
      expect(confidence?.[i]).toBeCloseTo(value, 6),
    );
  });
});
