import { expect, it } from "vitest";
import { Graph, evaluateReference, float32Tensor, mul, reduceSum, relu, toNumbers } from "../graph/index.js";
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
  const straightThrough: GradientRules = new Map([["Relu", (_, [dy]) => [dy ?? null]]]);
  expect(slopes(straightThrough)).toEqual([3, 3]);
});
