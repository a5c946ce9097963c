/** That log sum e^x means the same without the operator, for numbers whose exponentials no float32 holds. */
import { describe, expect, it } from "vitest";
import {
  evaluateReference,
  float32Tensor,
  Graph,
  logSoftmax,
  logSumExp,
  mul,
  relu,
  toNumbers,
  type Tensor,
} from "../graph/index.js";
import { reachable } from "../graph/prune.js";
import { useShiftedLogSumExp } from "./index.js";

const numbers = [0, 200, 30, -100, 1, 2, 3, 4, -1000, 95, 100, 1000];

/** The graph's results, by the operator and without it. */
function both(graph: Graph, feeds: Record<string, Tensor>): [Record<string, Tensor>, Record<string, Tensor>] {
  const shifted = useShiftedLogSumExp(graph);
  expect(reachable(shifted).nodes.map(({ operator }) => operator.name)).not.toContain("ReduceLogSumExp");
  return [evaluateReference(graph, feeds), evaluateReference(shifted, feeds)];
}

describe("useShiftedLogSumExp", () => {
  it.each<[string, readonly number[] | undefined, boolean, readonly number[]]>([
    ["the last axis", [-1], false, [3]],
    ["an axis that stays", [0], true, [1, 4]],
    ["all axes", undefined, false, []],
    ["all axes, which stay", [0, 1], true, [1, 1]],
  ])("sums along %s", (_name, axes, keepDims, shape) => {
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float32", shape: [3, 4] });
    graph.output("sum", mul(logSumExp(x, axes, keepDims), 1));
    const [wanted, found] = both(graph, { x: float32Tensor([3, 4], numbers) });
    expect(found["sum"]?.shape).toEqual(shape);
    for (const [i, value] of (wanted["sum"] ? toNumbers(wanted["sum"]) : []).entries())
      expect(found["sum"] && toNumbers(found["sum"])[i]).toBeCloseTo(value, 3);
  });

  it("keeps open sizes, names, and what is infinite", () => {
    const graph = new Graph();
    const x = graph.input("logits", { dtype: "float32", shape: ["N", 2] });
    graph.output("energy", logSumExp(x, [1]));
    graph.output("logProbabilities", logSoftmax(x));
    const shifted = useShiftedLogSumExp(graph);
    expect(shifted.outputs.get("energy")?.dims).toEqual(graph.outputs.get("energy")?.dims);
    const { energy } = evaluateReference(shifted, {
      logits: float32Tensor([3, 2], [-Infinity, -Infinity, 5, Infinity, -Infinity, 7]),
    });
    expect(energy && toNumbers(energy)).toEqual([-Infinity, Infinity, 7]);
  });

  it("gives a graph without the operator back", () => {
    const graph = new Graph();
    graph.output("y", relu(graph.input("x", { dtype: "float32", shape: [2] })));
    expect(useShiftedLogSumExp(graph)).toBe(graph);
  });
});
