/** Composed functions and operators at points where their value is known. */
import { describe, expect, it } from "vitest";
import { evaluateReference } from "../interpret.js";
import { float32Tensor, toNumbers, type Tensor } from "../tensor.js";
import { Graph, type Value } from "../value.js";
import {
  elu,
  groupNorm,
  hardSwish,
  linear,
  logSigmoid,
  logSoftmax,
  quickGelu,
  adaptiveAveragePool2d,
  resizeNearest,
  resizeTo,
  silu,
  topK,
} from "./index.js";

/** Values of a function of one tensor. */
function of(x: Tensor, build: (x: Value) => Value): number[] {
  const graph = new Graph();
  graph.output("y", build(graph.input("x", x)));
  const { y } = evaluateReference(graph, { x });
  return y ? toNumbers(y) : [];
}

const near = (values: readonly number[]): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, 5));
const points = [-5, -1, -0.5, 0, 0.5, 2, 5];
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe("activations", () => {
  it.each([
    ["silu", silu, (x: number) => x * sigmoid(x)],
    ["quickGelu", quickGelu, (x: number) => x * sigmoid(1.702 * x)],
    ["hardSwish", hardSwish, (x: number) => (x * Math.min(6, Math.max(0, x + 3))) / 6],
    ["elu", elu, (x: number) => (x > 0 ? x : Math.exp(x) - 1)],
    ["logSigmoid", logSigmoid, (x: number) => Math.log(sigmoid(x))],
  ] as const)("%s", (_name, build, formula) => {
    expect(of(float32Tensor([points.length], points), build)).toEqual(near(points.map(formula)));
  });

  it("logSoftmax is stable and normalised", () => {
    const logits = float32Tensor([1, 3], [1000, 1000, 1000 - Math.log(2)]);
    expect(of(logits, (x) => logSoftmax(x, 1))).toEqual(
      [Math.log(0.4), Math.log(0.4), Math.log(0.2)].map((value): unknown => expect.closeTo(value, 3)),
    );
  });
});

describe("linear", () => {
  it("adds the bias to every row of a sequence", () => {
    const x = float32Tensor([1, 2, 2], [1, 2, 3, 4]);
    const sums = of(x, (value) =>
      linear(
        value,
        value.graph.constant(float32Tensor([3, 2], [1, 0, 0, 1, 1, 1])),
        value.graph.constant(float32Tensor([3], [10, 20, 30])),
      ),
    );
    expect(sums).toEqual([11, 22, 33, 13, 24, 37]);
  });
});

describe("groupNorm", () => {
  it("normalises each group by its own mean and variance plus epsilon, then scales per channel", () => {
    // Two groups of two channels of two pixels: means 2 and 10, variances 1 and 4.
    const x = float32Tensor([1, 4, 2], [1, 1, 3, 3, 8, 8, 12, 12]);
    const got = of(x, (value) =>
      groupNorm(
        value,
        2,
        value.graph.constant(float32Tensor([4], [1, 2, 1, 3])),
        value.graph.constant(float32Tensor([4], [0, 0, 5, 0])),
        0.5,
      ),
    );
    const [first, second] = [1 / Math.sqrt(1.5), 2 / Math.sqrt(4.5)];
    const channels = [-first, 2 * first, 5 - second, 3 * second];
    expect(got).toEqual(near(channels.flatMap((value) => [value, value])));
  });
});

describe("topK", () => {
  it("gives equals in order of place, from either end", () => {
    const x = float32Tensor([5], [3, 7, 3, 7, 1]);
    expect(of(x, (value) => topK(value, 4).indices)).toEqual([1, 3, 0, 2]);
    expect(of(x, (value) => topK(value, 4, { largest: false }).indices)).toEqual([4, 0, 2, 1]);
  });
});

describe("resizeNearest", () => {
  it("repeats pixels in both directions", () => {
    const x = float32Tensor([1, 1, 1, 2], [1, 2]);
    expect(of(x, (value) => resizeNearest(value, 2))).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
  });
});

describe("resizeTo", () => {
  const x = float32Tensor([1, 1, 1, 3], [0, 3, 6]);
  it("takes the pixel that a point lies in, or weighs the two around it", () => {
    expect(of(x, (value) => resizeTo(value, [1, 5], { mode: "nearest" }))).toEqual([0, 0, 3, 3, 6]);
    expect(of(x, (value) => resizeTo(value, [1, 2]))).toEqual(near([0.75, 5.25]));
    expect(of(x, (value) => resizeTo(value, [1, 5], { alignCorners: true }))).toEqual(
      near([0, 1.5, 3, 4.5, 6]),
    );
  });
});

describe("adaptiveAveragePool2d", () => {
  it("averages windows that overlap where numbers do not divide", () => {
    const x = float32Tensor([1, 1, 2, 3], [0, 3, 6, 1, 4, 7]);
    expect(of(x, (value) => adaptiveAveragePool2d(value, [2, 2]))).toEqual(near([1.5, 4.5, 2.5, 5.5]));
    expect(of(x, (value) => adaptiveAveragePool2d(value, [1, 3]))).toEqual(near([0.5, 3.5, 6.5]));
  });
});
