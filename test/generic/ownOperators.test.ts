/** Operators defined outside the package: built, printed, computed by the engine and differentiated like oal's own. */
import {
  abs,
  add,
  apply,
  applyAll,
  defineOperator,
  div,
  evaluateReference,
  float32Tensor,
  Graph,
  gradients,
  mul,
  printGraph,
  reduceSum,
  ShapeProblem,
  toNumbers,
  type Operator,
  type OperatorDefinition,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { runOnce } from "../../packages/oal/src/testing/engine.js";

/** x / (1 + |x|), which oal has not. */
const Softsign = defineOperator({
  name: "Softsign",
  infer: ([x]) => {
    if (!x) throw new ShapeProblem("input 0 is missing");
    return [x];
  },
  gradient: (node, [dy]) => {
    const [x] = node.inputs;
    if (!x || !dy) return [null];
    const root = add(abs(x), 1);
    return [div(dy, mul(root, root))];
  },
  reference: ([x]) => {
    if (!x) return [];
    const data = Float32Array.from(toNumbers(x), (number) => number / (1 + Math.abs(number)));
    return [{ dtype: "float32", shape: x.shape, data }];
  },
});

/** Of ONNX Runtime's own domain, without a gradient or a reference. */
const quick: OperatorDefinition = {
  name: "SwiftGelu",
  onnxType: "QuickGelu",
  domain: "com.microsoft",
  attributes: { alpha: "float" },
  infer: ([x]) => (x ? [x] : []),
};
const SwiftGelu = defineOperator(quick);

const numbers = [-2, -0.5, 0, 1, 3];
const feeds = { x: float32Tensor([5], numbers) };

function graphOf(build: (x: Value) => Value): { graph: Graph; x: Value; y: Value } {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [5] });
  const y = build(x);
  graph.output("y", y);
  return { graph, x, y };
}

describe("an operator from outside", () => {
  it("is computed by the engine as by its reference, and so is its gradient", async () => {
    const { graph, x, y } = graphOf((value) => apply(Softsign, [value]));
    const [slope] = gradients(reduceSum(y), [x]);
    if (slope) graph.output("slope", slope);
    const want = {
      y: numbers.map((number) => number / (1 + Math.abs(number))),
      slope: numbers.map((number) => 1 / (1 + Math.abs(number)) ** 2),
    };
    for (const results of [await runOnce(graph, feeds), evaluateReference(graph, feeds)]) {
      for (const name of ["y", "slope"] as const) {
        const found = results[name];
        expect(found && toNumbers(found)).toEqual(want[name].map((number) => expect.closeTo(number, 6)));
      }
    }
    expect(printGraph(graph)).toContain("Softsign_0: float32[5] = Softsign(x)");
  });

  it("may be of another domain, under another name than ONNX's", async () => {
    const { graph } = graphOf((value) => apply(SwiftGelu, [value], { alpha: 2 }));
    const { y } = await runOnce(graph, feeds);
    const want = numbers.map((number) => number / (1 + Math.exp(-2 * number)));
    expect(y && toNumbers(y)).toEqual(want.map((number) => expect.closeTo(number, 6)));
  });

  it("without a gradient or a reference says so where one is needed", () => {
    const { graph, x, y } = graphOf((value) => apply(SwiftGelu, [value]));
    expect(() => gradients(reduceSum(y), [x])).toThrowError(expect.objectContaining({ code: "OAL-G103" }));
    expect(() => evaluateReference(graph, feeds)).toThrowError(
      expect.objectContaining({ code: "OAL-G111", message: expect.stringContaining("SwiftGelu") }),
    );
  });

  it("is checked where it is defined and where it is used", () => {
    const nameless: OperatorDefinition = { ...quick, name: "" };
    expect(() => defineOperator(nameless)).toThrowError("definition.name");
    expect(() => graphOf((x) => apply(SwiftGelu, [x], { beta: 2 }))).toThrowError('no attribute "beta"');
    const half: Operator = JSON.parse(JSON.stringify(SwiftGelu));
    const { graph, x } = graphOf((value) => value);
    expect(() => graph.node(half, [x])).toThrowError(expect.objectContaining({ code: "OAL-C120" }));
    expect(() => applyAll(Softsign, [null])).toThrowError(expect.objectContaining({ code: "OAL-C120" }));
  });
});
