/** Axes whose size is open until a graph runs: which graphs accept them, and what the others say. */
import {
  add,
  areStored,
  argMax,
  concat,
  detectors,
  evaluateReference,
  expand,
  float32Tensor,
  memoryRows,
  flatten,
  Graph,
  gradients,
  groupNorm,
  layerNorm,
  linear,
  matmul,
  mul,
  normaliseImages,
  pad,
  readModel,
  reduceMean,
  reduceSum,
  Random,
  reshape,
  slice,
  softmax,
  storedStreams,
  topK,
  toNumbers,
  transpose,
  unsqueeze,
  writeModel,
  type Detector,
  type Dim,
  type Dims,
  type FitSource,
  type Tensor,
  type Fitted,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { EvaluationContext, TrainingContext } from "../../packages/oal/src/nn/context.js";
import { networks } from "../../packages/oal/src/nn/networks/index.js";
import { initializeParameters } from "../../packages/oal/src/nn/parameters.js";
import { runOnce } from "../../packages/oal/src/testing/engine.js";
import { smallOptions } from "../../packages/oal/src/testing/smallNetworks.js";

const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;

/** Images in; logits, features and the score of every detector out. */
async function classifier(id: string, batch: Dim): Promise<Graph> {
  const network = networks.find(id);
  const options = { classes: 3, imageSize: 32, ...smallOptions(network) };
  const training = new TrainingContext(new Graph());
  const shape = [2, 3, 32, 32];
  network.build(training, training.graph.input("images", { dtype: "float32", shape }), options);
  const parameters = initializeParameters(training.specs, 1);
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: [batch, 3, 32, 32] });
  const context = new EvaluationContext(graph, parameters);
  const input = normaliseImages(images, normalisation);
  const { logits, features, head, maps } = network.build(context, input, options);
  graph.output("logits", logits);
  graph.output("features", features);
  const width = features.size(1);
  const source = streamsOf(width);
  for (const detector of detectors.all) {
    if (!areStored(detector.needs)) continue;
    const fitted = await detector.fit(source, small(detector, width));
    const score = detector.score(graph, { logits, features, head }, fitted, small(detector, width));
    graph.output(`score.${detector.id}`, score);
  }
  // Of those that run inside the model, the ones that need no fit: input gradients and replayed parts take any number of images too.
  const taps = { images, input, logits, features, head, maps: maps ?? new Map<string, Value>() };
  const shifts: Tensor = { dtype: "float32", shape: [1, 3], data: Float32Array.of(0.1, 1, 10) };
  const fitted = new Map<string, Fitted>([
    ["adascale_a", { tensors: { shifts }, bank: null }],
    ...(taps.maps.size > 1 ? ofMaps(taps.maps, width) : []),
  ]);
  for (const name of [
    "odin",
    "iodin",
    "adascale_a",
    ...(taps.maps.size > 1 ? ["rankfeat", "nac", "combood"] : []),
  ]) {
    const detector = detectors.find(name);
    const given = name === "combood" ? { neighbours: 5 } : {};
    graph.output(`score.${name}`, detector.score(graph, taps, fitted.get(name), given));
  }
  return graph;
}

/** What detectors of maps might have been fitted to. */
function ofMaps(maps: ReadonlyMap<string, Value>, width: number): [string, Fitted][] {
  const random = new Random(4, "maps");
  const channels = [...maps.values()].slice(0, -1).reduce((sum, map) => sum + map.size(1), width);
  const numbers = (step: number, shape: readonly number[], least = 0): Tensor => {
    const data = random.normals(
      step,
      shape.reduce((product, extent) => product * extent, 1),
    );
    return { dtype: "float32", shape, data: data.map((z) => least + Math.abs(z)) };
  };
  const columns = 2 * (maps.size + 1);
  const row = (step: number): Tensor => numbers(step, [1, columns], 0.5);
  const bank = memoryRows(random.normals(9, 20 * (width + 1)), width + 1);
  const tensors = { centre: row(1), spread: row(2), power: row(3), middle: row(4), scale: row(5) };
  return [
    ["nac", { tensors: { coverage: numbers(0, [channels * 498]) }, bank: null }],
    ["combood", { tensors: { ...tensors, whitening: numbers(6, [columns, columns]) }, bank }],
  ];
}

/** Sixty images of three classes, most of them called what they are, and a last layer. */
function streamsOf(width: number): FitSource {
  const random = new Random(1, "outputs");
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
  const logits = random.normals(0, 180).map((z, k) => z + (Math.floor(k / 3) % 3 === k % 3 ? 2 : 0));
  const features = random.normals(1, 60 * width).map(Math.abs);
  const rows = { labels, logits: memoryRows(logits, 3), features: memoryRows(features, width) };
  const weight: Tensor = { dtype: "float32", shape: [3, width], data: random.normals(2, 3 * width) };
  const bias: Tensor = { dtype: "float32", shape: [3], data: random.normals(3, 3) };
  return storedStreams({ train: rows, validation: rows }, { weight, bias });
}

/** Parameters that suit so few images and features. */
function small({ parameters }: Detector, width: number): Record<string, unknown> {
  return {
    ...("dimensions" in parameters ? { dimensions: Math.floor(width / 2) } : {}),
    ...("neighbours" in parameters ? { neighbours: 5 } : {}),
    ...("tail" in parameters ? { tail: 3 } : {}),
  };
}

const pixels = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * 3072 }, (_, i) => (i * 7919) % 251);

describe.each(networks.ids)("%s with an open batch", (id) => {
  it("is the file that a batch of one makes, but for its axes", async () => {
    const open = await classifier(id, "batch");
    const { graph } = readModel(writeModel(open), { sizes: { batch: 1 } });
    expect(Buffer.compare(writeModel(graph), writeModel(await classifier(id, 1)))).toBe(0);
  });

  it("takes any number of images, with the results of each alone", async () => {
    const open = await classifier(id, "batch");
    const three = await runOnce(open, { images: { dtype: "uint8", shape: [3, 3, 32, 32], data: pixels(3) } });
    const one = await runOnce(open, { images: { dtype: "uint8", shape: [1, 3, 32, 32], data: pixels(1) } });
    for (const [name, { shape, data }] of Object.entries(one)) {
      expect(shape[0]).toBe(1);
      const first = three[name]?.data.slice(0, data.length) ?? [];
      Array.from(data, Number).forEach((number, i) => expect(Number(first[i])).toBeCloseTo(number, 4));
    }
  });
});

describe("an open axis", () => {
  const cases: Readonly<Record<string, readonly [(x: Value) => Value, Dims]>> = {
    "passes through sums and products": [(x) => mul(add(x, x), 2), ["N", 4, 6]],
    "is flattened together with others": [(x) => flatten(x, 2), ["4*N", 6]],
    "stays in front of a view": [(x) => reshape(x, ["N", 24]), ["N", 24]],
    "goes into a product and comes back": [(x) => reshape(reshape(x, [-1, 6]), [-1, 4, 6]), ["N", 4, 6]],
    "moves with its axis": [(x) => transpose(x, [1, 0, 2]), [4, "N", 6]],
    "moves within a view": [(x) => reshape(transpose(x, [1, 0, 2]), [4, "N", 2, 3]), [4, "N", 2, 3]],
    "is reduced away": [(x) => reduceMean(x, [0, 1]), [6]],
    "stays when others are reduced": [(x) => reduceSum(x, [1, 2], true), ["N", 1, 1]],
    "stays beside what is joined": [(x) => concat([x, x], 2), ["N", 4, 12]],
    "stays beside what is cut": [(x) => slice(x, [1], [3], [2]), ["N", 4, 2]],
    "grows in a join along it": [(x) => concat([x, x], 0), ["2*N", 4, 6]],
    "is cut to a share that is surely there": [(x) => slice(x, [0], [1], [0]), [1, 4, 6]],
    "is cut from the end": [(x) => slice(pad(x, [2, 0, 0, 0, 0, 0]), [1], [-1], [0]), ["N", 4, 6]],
    "stays beside what is padded": [(x) => pad(x, [0, 1, 0, 0, 1, 0]), ["N", 6, 6]],
    "stays in products of matrices": [(x) => matmul(x, transpose(x, [0, 2, 1])), ["N", 4, 4]],
    "stays in layers": [
      (x) => linear(x, x.graph.constant(float32Tensor([2, 6], new Float32Array(12).fill(0.5)))),
      ["N", 4, 2],
    ],
    "stays in normalised groups": [(x) => groupNorm(x, 2, vector(x, 4), vector(x, 4)), ["N", 4, 6]],
    "stays in normalised rows": [(x) => layerNorm(x, vector(x, 6), null), ["N", 4, 6]],
    "stays in shares": [(x) => softmax(x), ["N", 4, 6]],
    "stays in the best": [(x) => topK(x, 2).values, ["N", 4, 2]],
    "stays in places": [(x) => argMax(x), ["N", 4]],
    "gets neighbours": [(x) => unsqueeze(x, [0]), [1, "N", 4, 6]],
    "is met by a 1": [(x) => add(x, expand(vector(x, 6), [1, 4, 6])), ["N", 4, 6]],
  };

  it.each(Object.entries(cases))("%s", async (_, [build, shape]) => {
    const graph = new Graph();
    const y = build(graph.input("x", { dtype: "float32", shape: ["N", 4, 6] }));
    graph.output("y", y);
    expect(y.dims).toEqual(shape);
    const x = float32Tensor(
      [3, 4, 6],
      Float32Array.from({ length: 72 }, (__, i) => Math.cos(i)),
    );
    const want = evaluateReference(graph, { x }).y;
    const got = (await runOnce(graph, { x })).y;
    expect(got?.shape).toEqual(want?.shape);
    const numbers = want ? toNumbers(want) : [];
    expect(got && toNumbers(got)).toEqual(numbers.map((number) => expect.closeTo(number, 5)));
  });

  it.each<[string, (x: Value, other: Value) => unknown, string]>([
    ["a cut that may reach beyond it", (x) => slice(x, [0], [2], [0]), 'how much of the open size "N"'],
    ["another open size beside it", (x, other) => add(x, other), "do not broadcast"],
    ["a view that loses it", (x) => reshape(x, [3, 4, 6]), "cannot view"],
    ["its size", (x) => x.size(0), 'the open size "N"'],
    ["all sizes", (x) => x.shape, 'x has the open size "N"'],
    ["a gradient that needs it", (x) => gradients(reduceSum(x), [x]), 'the open size "N"'],
  ])("is refused with a sentence: %s", (_, build, sentence) => {
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float32", shape: ["N", 4, 6] });
    const other = graph.input("other", { dtype: "float32", shape: ["M", 4, 6] });
    expect(() => build(x, other)).toThrowError(sentence);
  });
});

function vector(x: Value, length: number): Value {
  return x.graph.constant(
    float32Tensor(
      [length],
      Float32Array.from({ length }, (_, i) => 1 + i / 8),
    ),
  );
}
