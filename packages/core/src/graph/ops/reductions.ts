/** The Reduce operators of files that are read and that oal's own graphs do without: ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare, ReduceLogSum. */
import type { Operator } from "../operator.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { cast } from "./cast.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { expand } from "./expand.js";
import { mul } from "./mul.js";
import { reducedAxes, reduction, withAxes } from "./reduction.js";
import { reduceSum } from "./reduceSum.js";
import { step } from "./step.js";
import { sub } from "./sub.js";

const sumOf = (group: Float64Array, of: (x: number) => number): number =>
  group.reduce((sum, x) => sum + of(x), 0);

export const ReduceMin: Operator = reduction(
  "ReduceMin",
  18,
  (group) => group.reduce((a, b) => Math.min(a, b), Infinity),
  (node, outputGradients) => {
    const dy = flowing(outputGradients);
    const winners = cast(equal(inputOf(node, 0), withAxes(node, outputOf(node, 0))), dy.dtype);
    return [mul(winners, div(withAxes(node, dy), reduceSum(winners, reducedAxes(node), true))), null];
  },
);

export const ReduceProd: Operator = {
  ...reduction(
    "ReduceProd",
    18,
    (group) => group.reduce((product, x) => product * x, 1),
    // Divided by its factor: not where that is 0, as with ONNX's other quotients.
    (node, dy) => [
      mul(withAxes(node, flowing(dy)), div(withAxes(node, outputOf(node, 0)), inputOf(node, 0))),
      null,
    ],
  ),
};

export const ReduceL1: Operator = reduction(
  "ReduceL1",
  18,
  (group) => sumOf(group, Math.abs),
  (node, dy) => {
    const sign = sub(mul(step(inputOf(node, 0), 0.5), 2), 1);
    return [mul(sign, withAxes(node, flowing(dy))), null];
  },
);

export const ReduceL2: Operator = reduction(
  "ReduceL2",
  18,
  (group) => Math.sqrt(sumOf(group, (x) => x * x)),
  (node, dy) => [
    mul(inputOf(node, 0), div(withAxes(node, flowing(dy)), withAxes(node, outputOf(node, 0)))),
    null,
  ],
);

export const ReduceSumSquare: Operator = reduction(
  "ReduceSumSquare",
  18,
  (group) => sumOf(group, (x) => x * x),
  (node, dy) => [mul(inputOf(node, 0), mul(withAxes(node, flowing(dy)), 2)), null],
);

const logSum = reduction(
  "ReduceLogSum",
  18,
  (group) => Math.log(sumOf(group, (x) => x)),
  (node, dy) => {
    const { shape } = inputOf(node, 0);
    const total = reduceSum(inputOf(node, 0), reducedAxes(node), true);
    return [expand(div(withAxes(node, flowing(dy)), total), shape), null];
  },
);

export const ReduceLogSum: Operator = {
  ...logSum,
  // Sums below 0 have no logarithm.
  testPoints: logSum.testPoints.map((point) => ({
    ...point,
    inputs: point.inputs.map((input) => (input?.dtype === "float32" ? { ...input, range: [0.5, 2] } : input)),
  })),
};
