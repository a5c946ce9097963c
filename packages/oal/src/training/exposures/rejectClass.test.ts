/** The reject class: cross-entropy over one class more, by two terms; its head in the finished model; the detectors that read it. */
import {
  add,
  concat,
  detectors,
  evaluateReference,
  float32Tensor,
  Graph,
  gradients,
  logSoftmax,
  mul,
  neg,
  reduceSum,
  slice,
  toNumbers,
  uint8Tensor,
  type Value,
} from "oal-core";
import { expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { headOutputs } from "../network.js";
import { exposureMethod } from "../methods/exposure.js";

const settings = { exposure: { uniformWeight: 0, distillWeight: 0, rejectWeight: 0.5 } };
const logits = float32Tensor([2, 3], [1, -0.5, 0.3, 2, 0.1, -1]);
const outlierLogits = float32Tensor([2, 3], [0.2, 0.4, -0.3, 1.5, 0, 0]);
const features = float32Tensor([2, 4], [1, 0, 2, -1, 0.5, 0.5, 0, 1]);
const outlierFeatures = float32Tensor([2, 4], [0, 3, 1, 0, -1, 0.5, 2, 2]);
const labels = float32Tensor([2, 3], [0, 1, 0, 0.25, 0, 0.75]);
const weights = {
  weight: float32Tensor([1, 4], [0.4, -0.2, 0.6, 0.1]),
  bias: float32Tensor([1], [0.3]),
};
const tensors = { logits, outlierLogits, features, outlierFeatures, labels };

it("is cross-entropy over C + 1 classes: of images beside the known classes' own, of outliers with the last", () => {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const value = new Map<string, Value>(
    Object.entries(tensors).map(([name, tensor]) => [name, graph.input(name, tensor)]),
  );
  const get = (name: string): Value => value.get(name) ?? graph.scalar(NaN);
  const own = { logits: get("logits"), features: get("features") };
  const shown = { logits: get("outlierLogits"), features: get("outlierFeatures") };
  const heads = (taps: typeof own): Readonly<Record<string, Value>> =>
    headOutputs(exposureMethod, context, taps, 3, settings);
  const reject = (taps: typeof own): Value => heads(taps)["reject"] ?? graph.scalar(NaN);
  const made = exposureMethod.build(
    {
      context,
      classes: 3,
      labels: get("labels"),
      ...own,
      draws: get,
      side: () => graph.scalar(1),
      shown: () => shown,
      outputs: () => reject(own),
      outputsOf: (taps) => () => reject(taps),
    },
    settings,
  );
  const term = (name: string): Value => made.find((each) => each.name === name)?.value ?? graph.scalar(NaN);
  const parts = add(
    add(softCrossEntropy(own.logits, get("labels")), term("rejectKnown")),
    mul(term("rejectOutliers"), 0.5),
  );
  // the same by its definition: 4 logits, the labels with a 0 behind, and the last class of outliers
  const wide = (taps: typeof own): Value => concat([taps.logits, reject(taps)], 1);
  const none = graph.constant(float32Tensor([2, 1], [0, 0]));
  const lastOf = slice(logSoftmax(wide(shown), 1), [3], [4], [1]);
  const whole = add(
    softCrossEntropy(wide(own), concat([get("labels"), none], 1)),
    mul(neg(mul(reduceSum(lastOf, [0, 1]), 0.5)), 0.5),
  );
  const parameter = context.values("heads.exposure.rejectClass.weight");
  const sources = [own.logits, shown.logits, own.features, parameter];
  for (const [name, loss] of [
    ["parts", parts],
    ["whole", whole],
  ] as const) {
    graph.output(name, loss);
    gradients(loss, sources).forEach((slope, i) => graph.output(`${name}/${i}`, slope));
  }
  expect(made.map(({ name }) => name)).toEqual(["rejectKnown", "rejectOutliers"]);
  const results = evaluateReference(graph, {
    ...tensors,
    "heads.exposure.rejectClass.weight": weights.weight,
    "heads.exposure.rejectClass.bias": weights.bias,
  });
  const numbers = (name: string): number[] => (results[name] ? toNumbers(results[name]) : []);
  expect(numbers("parts")[0]).toBeCloseTo(numbers("whole")[0] ?? NaN, 5);
  sources.forEach((_, i) => {
    expect(numbers(`parts/${i}`).some((slope) => Math.abs(slope) > 1e-3)).toBe(true);
    numbers(`parts/${i}`).forEach((slope, at) =>
      expect(slope).toBeCloseTo(numbers(`whole/${i}`)[at] ?? NaN, 5),
    );
  });
});

it("is a head of the finished model while it has a weight, with two detectors beside those of the known logits", () => {
  expect(exposureMethod.heads?.(settings)).toEqual(["reject"]);
  expect(exposureMethod.detectors?.(settings)).toEqual(["reject", "rejectMsp"]);
  expect(exposureMethod.heads?.({})).toEqual([]);
  expect(exposureMethod.detectors?.({})).toEqual([]);
  for (const id of ["reject", "rejectMsp"]) expect(detectors.find(id).needs).toContain("heads.reject");
});

it.each([
  ["reject", (z: number[], r: number) => Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0)) - r],
  [
    "rejectMsp",
    (z: number[], r: number) => Math.max(...z) - Math.log([...z, r].reduce((sum, x) => sum + Math.exp(x), 0)),
  ],
])("detector %s is its formula, and keeps its digits for sure pictures", (id, expected) => {
  const rows = [
    [1, -0.5, 0.3],
    [60, 0, 1],
    [-2, 0, 40],
  ];
  const rejected = [0.7, -20, 45];
  const graph = new Graph();
  const taps = {
    images: graph.input("images", { dtype: "uint8", shape: [3, 3, 1, 1] }),
    logits: graph.constant(float32Tensor([3, 3], rows.flat())),
    maps: new Map<string, Value>(),
    heads: new Map([["reject", graph.constant(float32Tensor([3, 1], rejected))]]),
  };
  graph.output("score", detectors.find(id).score(graph, { ...taps, input: taps.logits }));
  const { score } = evaluateReference(graph, { images: uint8Tensor([3, 3, 1, 1], new Uint8Array(9)) });
  toNumbers(score ?? float32Tensor([0], [])).forEach((value, i) =>
    expect(value).toBeCloseTo(expected(rows[i] ?? [], rejected[i] ?? NaN), 4),
  );
});
