import { expect, it } from "vitest";
import {
  argMax,
  cast,
  conv2d,
  evaluateReference,
  exp,
  float32Tensor,
  Graph,
  mul,
  operators,
  reduceSum,
  relu,
  stopGradient,
  toNumbers,
} from "../graph/index.js";
import { gradients, type GradientRules } from "./gradient.js";

/** d/dx sum(3 relu(x)) at [-1, 2]. */
function slopes(rules?: GradientRules): number[] {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [2] });
  const [slope] = gradients(reduceSum(mul(relu(x), 3)), [x], rules);
  if (slope) graph.output("slope", slope);
  const { slope: found } = evaluateReference(graph, { x: float32Tensor([2], [-1, 2]) });
  return found ? toNumbers(found) : [];
}

it("uses another rule where one is given, and the operator's own elsewhere", () => {
  expect(slopes()).toEqual([0, 3]);
  const straightThrough: GradientRules = new Map([[operators.Relu, (_, [dy]) => [dy ?? null]]]);
  expect(slopes(straightThrough)).toEqual([3, 3]);
});

it("builds no gradient that nobody asked for", () => {
  const graph = new Graph();
  const image = graph.input("image", { dtype: "float32", shape: [1, 2, 4, 4] });
  const weight = graph.input("weight", { dtype: "float32", shape: [3, 2, 3, 3] });
  const loss = reduceSum(conv2d(image, weight));
  const before = graph.nodes.length;
  gradients(loss, [weight]);
  const readers = graph.nodes.slice(before).filter((node) => node.inputs.includes(weight));
  expect(readers).toEqual([]);
});

it("differentiates float64 losses in float64, and gives zeros of the source's type", () => {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float64", shape: [2] });
  const other = graph.input("other", { dtype: "float64", shape: [3] });
  const [slope, none] = gradients(reduceSum(mul(exp(x), 3)), [x, other]);
  if (!slope || !none) throw new Error("no gradient");
  graph.output("slope", slope);
  graph.output("none", none);
  const found = evaluateReference(graph, {
    x: { dtype: "float64", shape: [2], data: Float64Array.of(0, 1) },
    other: { dtype: "float64", shape: [3], data: new Float64Array(3) },
  });
  expect(found["slope"]).toEqual({ dtype: "float64", shape: [2], data: Float64Array.of(3, 3 * Math.E) });
  expect(found["none"]).toEqual({ dtype: "float64", shape: [3], data: new Float64Array(3) });
});

it("refuses losses and sources that are no floats", () => {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [2] });
  const place = argMax(x);
  expect(() => gradients(place, [x])).toThrow("a loss must be a float scalar, it is int64[]");
  expect(() => gradients(reduceSum(x), [place])).toThrow("a derivative by int64[] does not exist");
});

it("passes nothing through StopGradient and through whole numbers, also when their results are sources", () => {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [2] });
  const [fixed, rounded] = [stopGradient(x), cast(cast(x, "int64"), "float32")];
  const slopes = gradients(reduceSum(mul(fixed, mul(rounded, 3))), [x, fixed]);
  slopes.forEach((slope, index) => graph.output(`slope${index}`, slope));
  const found = evaluateReference(graph, { x: float32Tensor([2], [1.5, 2.5]) });
  expect(found["slope0"] && toNumbers(found["slope0"])).toEqual([0, 0]);
  expect(found["slope1"] && toNumbers(found["slope1"])).toEqual([3, 6]);
});
