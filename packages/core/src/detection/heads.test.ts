/** Detectors of trained heads, against the model run on the pictures that they look at. */
import { expect, it } from "vitest";
import type { Taps } from "../classifier/index.js";
import {
  evaluateReference,
  float32Tensor,
  gemm,
  Graph,
  relu,
  reshape,
  sigmoid,
  toNumbers,
  uint8Tensor,
} from "../graph/index.js";
import { normaliseImages } from "../preprocess/index.js";
import { Random } from "../random/index.js";
import { detectors } from "./index.js";

const [N, C, side] = [3, 4, 4];
const random = new Random(2, "heads");
const width = 3 * side * side;
const pixels = Uint8Array.from({ length: N * width }, (_, i) => random.integer(1, i, 256));
const std = [0.2, 0.25, 0.5] as const;
const matrix = (name: string, rows: number) =>
  float32Tensor(
    [rows, width],
    random
      .derive(name)
      .normals(0, rows * width)
      .map((value) => value / 4),
  );

/** A model of all pixels, its scores and heads without sharing anything. */
function model(bytes: Uint8Array): { readonly graph: Graph; readonly taps: Taps } {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: [N, 3, side, side] });
  const input = normaliseImages(images, { mean: [0.5, 0.4, 0.3], std });
  const features = reshape(input, [N, width]);
  const by = (name: string, rows: number) =>
    gemm(features, graph.constant(matrix(name, rows)), null, { transB: true });
  const heads = new Map([
    ["turns", by("turns", 4)],
    ["numerator", by("h", C)],
    ["denominator", sigmoid(by("g", 1))],
    ["confidence", relu(by("confidence", 1))],
  ]);
  expect(bytes).toHaveLength(N * width);
  return { graph, taps: { images, input, logits: by("logits", C), features, heads, maps: new Map() } };
}

function run(name: string, parameters: Readonly<Record<string, unknown>> = {}): number[] {
  const { graph, taps } = model(pixels);
  graph.output("score", detectors.find(name).score(graph, taps, undefined, parameters));
  const outputs = evaluateReference(graph, { images: uint8Tensor([N, 3, side, side], pixels) });
  return toNumbers(outputs["score"] ?? float32Tensor([0], []));
}

/** Values of the model on other pixels, by row. */
function said(bytes: Uint8Array, of: (taps: Taps) => Taps["logits"] | undefined): number[][] {
  const { graph, taps } = model(bytes);
  const value = of(taps);
  if (!value) throw new Error("no such value");
  graph.output("value", value);
  const outputs = evaluateReference(graph, { images: uint8Tensor([N, 3, side, side], bytes) });
  const flat = toNumbers(outputs["value"] ?? float32Tensor([0], []));
  return Array.from({ length: N }, (_, i) => flat.slice((i * flat.length) / N, ((i + 1) * flat.length) / N));
}

const logSoftmax = (row: readonly number[]): number[] => {
  const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  return row.map((value) => value - total);
};

/** Every plane turned counter-clockwise. */
function turned(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, at) => {
    const [plane, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
    return bytes[plane * side ** 2 + x * side + (side - 1 - y)] ?? 0;
  });
}

it("rotpred: how far the classes are from uniform, and the log-probabilities of the four turns", () => {
  const classes = said(pixels, ({ logits }) => logits).map(logSoftmax);
  let bytes: Uint8Array = pixels;
  const told = Array.from({ length: N }, () => 0);
  for (let k = 0; k < 4; k++) {
    const rows = said(bytes, ({ heads }) => heads?.get("turns")).map(logSoftmax);
    rows.forEach((row, i) => (told[i] = (told[i] ?? 0) + (row[k] ?? NaN) / 4));
    bytes = turned(bytes);
  }
  expect(run("rotpred")).toEqual(
    classes.map((row, i): unknown => {
      const divergence = row.reduce((sum, value) => sum + (Math.log(1 / C) - value) / C, 0);
      return expect.closeTo(divergence + (told[i] ?? NaN), 4);
    }),
  );
});

it("godin: the largest likeness, on pictures that are moved along its gradient, or the confidence", () => {
  const h = said(pixels, ({ heads }) => heads?.get("numerator"));
  expect(run("godin", { noise: 0 })).toEqual(h.map((row): unknown => expect.closeTo(Math.max(...row), 4)));
  const g = said(pixels, ({ heads }) => heads?.get("denominator"));
  expect(run("godin", { noise: 0, score: "g" })).toEqual(
    g.map(([value]): unknown => expect.closeTo(value ?? NaN, 5)),
  );
  // a linear model: every pixel's move of ε / std adds as much times the weight's size, where no other class overtakes
  const weights = toNumbers(matrix("h", C));
  const moved = h.map((row) => {
    const called = row.indexOf(Math.max(...row));
    const after = row.map((value, c) =>
      Array.from({ length: width }, (_, d) => {
        const [own, other] = [weights[called * width + d] ?? NaN, weights[c * width + d] ?? NaN];
        return ((own >= 0 ? 1 : -1) * other * 0.02) / (std[Math.floor(d / side ** 2)] ?? NaN);
      }).reduce((sum, each) => sum + each, value),
    );
    return Math.max(...after);
  });
  expect(run("godin", { noise: 0.02 })).toEqual(moved.map((value): unknown => expect.closeTo(value, 3)));
});

it("confBranch: the sigmoid of the head", () => {
  const rows = said(pixels, ({ heads }) => heads?.get("confidence"));
  expect(run("confBranch")).toEqual(
    rows.map(([c = NaN]): unknown => expect.closeTo(1 / (1 + Math.exp(-c)), 5)),
  );
});

it("a model without the head is told which one it is", () => {
  const { graph, taps } = model(pixels);
  const { heads: _heads, ...rest } = taps;
  for (const [name, head] of [
    ["rotpred", "turns"],
    ["godin", "numerator"],
    ["confBranch", "confidence"],
  ] as const)
    expect(() => detectors.find(name).score(graph, rest)).toThrow(
      `detector ${name} reads the trained head "${head}", which this model was trained without`,
    );
});
