import { expect, it } from "vitest";
import { gradients } from "../../autodiff/index.js";
import { evaluateReference } from "../interpret.js";
import { float32Tensor, toNumbers } from "../tensor.js";
import { Graph } from "../value.js";
import { pow } from "./pow.js";
import { reduceSum } from "./reduceSum.js";

/** Derivatives of the sum of a^b by base and exponent, and of the former by the base again. */
function derivatives(bases: readonly number[], exponents: readonly number[]): Record<string, number[]> {
  const graph = new Graph();
  const feeds = { a: float32Tensor([bases.length], bases), b: float32Tensor([exponents.length], exponents) };
  const [a, b] = [graph.input("a", feeds.a), graph.input("b", feeds.b)];
  const [byBase, byExponent] = gradients(reduceSum(pow(a, b)), [a, b]);
  if (!byBase || !byExponent) throw new Error("no gradient");
  const [twice] = gradients(reduceSum(byBase), [a]);
  graph.output("byBase", byBase);
  graph.output("byExponent", byExponent);
  if (twice) graph.output("twice", twice);
  return Object.fromEntries(
    Object.entries(evaluateReference(graph, feeds)).map(([name, tensor]) => [name, toNumbers(tensor)]),
  );
}

// By the formulas of torch (pow_backward_self and pow_backward_exponent).
it.each([
  [0, 0, 0, 0],
  [0, 1, 1, 0],
  [0, 2, 0, 0],
  [0, 3, 0, 0],
  [3, 0, 0, Math.log(3)],
  [-3, 0, 0, NaN],
  [-2, 1, 1, NaN],
  [-2, 2, -4, NaN],
  [-2, 3, 12, NaN],
  [0, -1, -Infinity, -Infinity],
])("%j^%j has the derivatives %j and %j", (base, exponent, byBase, byExponent) => {
  const got = derivatives([base], [exponent]);
  expect(got["byBase"]?.[0]).toBeCloseTo(byBase, 5);
  if (Number.isNaN(byExponent)) expect(got["byExponent"]?.[0]).toBeNaN();
  else expect(got["byExponent"]?.[0]).toBeCloseTo(byExponent, 5);
});

it.each([
  [0, 0, 0],
  [0, 1, 0],
  [0, 2, 2],
  [0, 3, 0],
  [-2, 3, -12],
])("the second derivative of %j^%j by the base is %j", (base, exponent, twice) => {
  expect(derivatives([base], [exponent])["twice"]?.[0]).toBeCloseTo(twice, 5);
});
