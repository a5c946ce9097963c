/** Composed functions whose gradient is not simply that of their parts. */
import { describe, expect, it } from "vitest";
import { vectorJacobian } from "../../autodiff/index.js";
import { OalError } from "../../errors/index.js";
import { Random } from "../../random/index.js";
import { evaluateReference } from "../interpret.js";
import { float32Tensor, int64Tensor, sizeOf, toNumbers, type Shape, type Tensor } from "../tensor.js";
import { Graph } from "../value.js";
import {
  add,
  batchNormTraining,
  groupNorm,
  mul,
  quarterTurns,
  reduceSum,
  sumOver,
  unsqueeze,
} from "./index.js";

const draw = (purpose: string, shape: Shape): Tensor => ({
  dtype: "float32",
  shape,
  data: new Random(5, purpose).uniforms(0, sizeOf(shape)).map((u) => 2 * u - 1),
});

describe("batchNormTraining", () => {
  const shape = [4, 3, 2, 2];
  const names = ["x", "scale", "bias", "dy"] as const;
  const tensors: Record<string, Tensor> = {
    x: draw("x", shape),
    scale: draw("s", [3]),
    bias: draw("b", [3]),
    dy: draw("d", shape),
  };
  const graph = new Graph();
  const [x, scale, bias, dy] = names.map((name) => graph.input(name, tensors[name] ?? int64Tensor([0], [])));
  if (!x || !scale || !bias || !dy) throw new Error("inputs");
  const { y, mean, variance, count } = batchNormTraining(x, scale, bias, 1e-3);
  graph.output("y", y);
  graph.output("mean", mean);
  graph.output("variance", variance);
  vectorJacobian([y], [dy], [x, scale, bias]).forEach((gradient, index) =>
    graph.output(`gradient.${names[index] ?? ""}`, gradient),
  );

  /** sum(y * dy) by the textbook formula in float64. */
  function loss(feeds: Record<string, number[]>): number {
    const { x: values = [], scale: gains = [], bias: shifts = [], dy: weights = [] } = feeds;
    let total = 0;
    for (let channel = 0; channel < 3; channel++) {
      const own = values.flatMap((value, i) =>
        Math.floor(i / 4) % 3 === channel ? [{ value, weight: weights[i] ?? 0 }] : [],
      );
      const centre = own.reduce((sum, { value }) => sum + value, 0) / own.length;
      const spread = own.reduce((sum, { value }) => sum + (value - centre) ** 2, 0) / own.length;
      for (const { value, weight } of own) {
        total +=
          weight *
          (((value - centre) / Math.sqrt(spread + 1e-3)) * (gains[channel] ?? 0) + (shifts[channel] ?? 0));
      }
    }
    return total;
  }

  it("differentiates through the statistics of the batch", () => {
    const results = evaluateReference(graph, tensors);
    expect(count).toBe(16);
    for (const name of ["x", "scale", "bias"] as const) {
      const got = toNumbers(results[`gradient.${name}`] ?? int64Tensor([0], []));
      got.forEach((slope, element) => {
        const at = (step: number): number => {
          const feeds = Object.fromEntries(
            Object.entries(tensors).map(([key, tensor]) => [key, toNumbers(tensor)]),
          );
          const moved = feeds[name];
          if (moved) moved[element] = (moved[element] ?? 0) + step;
          return loss(feeds);
        };
        expect(slope).toBeCloseTo((at(1e-4) - at(-1e-4)) / 2e-4, 4);
      });
    }
  });
});

describe("sumOver", () => {
  it.each([
    [
      [3, 4, 2, 5],
      [0, 2, 3],
    ],
    [[512, 3], [0]],
    [
      [300, 2, 2],
      [0, 1],
    ],
    [[2, 300], [1]],
    [
      [4, 1, 3],
      [0, 1, 2],
    ],
    [[7], []],
  ])("of %j over %j equals ReduceSum", (shape, axes) => {
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float32", shape });
    graph.output("staged", sumOver(x, axes));
    graph.output("plain", reduceSum(x, axes));
    const { staged, plain } = evaluateReference(graph, { x: draw("sum", shape) });
    expect(staged?.shape).toEqual(plain?.shape);
    const want = plain ? toNumbers(plain) : [];
    (staged ? toNumbers(staged) : []).forEach((number, i) => expect(number).toBeCloseTo(want[i] ?? NaN, 4));
  });
});

describe("errors of builders carry code and layer path", () => {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [2, 6, 3, 3] });
  const vector = graph.input("v", { dtype: "float32", shape: [6] });
  const double = graph.input("w", { dtype: "float64", shape: [1] });
  it.each([
    ["groupNorm", () => groupNorm(x, 4, vector, vector)],
    ["Add", () => add(x, vector)],
    ["unsqueeze", () => unsqueeze(x, [9])],
    ["Mul", () => mul(x, double)],
  ])("%s", (operator, build) => {
    const wrong = (): unknown => graph.scope("block", () => graph.scope("part", build));
    expect(wrong).toThrowError(OalError);
    expect(wrong).toThrowError(new RegExp(`^${operator} at block\\.part: `));
  });
});

it("quarterTurns turns counter-clockwise, and four turns are none", () => {
  const graph = new Graph();
  const x = graph.constant(float32Tensor([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]));
  for (const turns of [-1, 0, 1, 2, 3, 4]) graph.output(String(turns), quarterTurns(x, turns));
  const outputs = evaluateReference(graph, {});
  const said = (turns: number): unknown => [
    outputs[turns]?.shape.slice(2),
    toNumbers(outputs[turns] ?? int64Tensor([0], [])),
  ];
  // numpy.rot90 of [[1, 2, 3], [4, 5, 6]]
  expect(said(1)).toEqual([
    [3, 2],
    [3, 6, 2, 5, 1, 4],
  ]);
  expect(said(2)).toEqual([
    [2, 3],
    [6, 5, 4, 3, 2, 1],
  ]);
  expect(said(3)).toEqual([
    [3, 2],
    [4, 1, 5, 2, 6, 3],
  ]);
  expect(said(-1)).toEqual(said(3));
  expect(said(4)).toEqual([
    [2, 3],
    [1, 2, 3, 4, 5, 6],
  ]);
});
