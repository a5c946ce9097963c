import { describe, expect, it } from "vitest";
import { Graph } from "../graph/index.js";
import { combineDetectors, rankCurve } from "./combination.js";
import { ebo } from "./detectors/ebo.js";
import { knn } from "./detectors/knn.js";
import { memoryRows } from "./rows.js";

const bank = memoryRows(
  Float32Array.from({ length: 60 * 5 }, (_, i) => Math.sin(i)),
  5,
);
const neighbours = { detector: knn, parameters: { neighbours: 3 }, fitted: { tensors: {}, bank } };
const energy = { detector: ebo, parameters: {}, fitted: { tensors: {}, bank: null } };

function tapsOf(graph: Graph) {
  return {
    features: graph.input("features", { dtype: "float32", shape: [2, 4] }),
    logits: graph.input("logits", { dtype: "float32", shape: [2, 3] }),
  };
}
const banksIn = (graph: Graph): number =>
  graph.constants.filter(({ name }) => name.startsWith("knn.bank")).length;

describe("a score that a graph has already", () => {
  it("is not computed again by a combination, nor its bank kept twice", () => {
    const graph = new Graph();
    const taps = tapsOf(graph);
    const alone = knn.score(graph, taps, neighbours.fitted, neighbours.parameters);
    const nodes = graph.nodes.length;
    const curve = rankCurve([1, 2, 3]);
    const { detector, fitted } = combineDetectors([
      { fitted: neighbours, curve },
      { fitted: energy, curve },
    ]);
    detector.score(graph, { ...taps }, fitted);
    expect(banksIn(graph)).toBe(1);
    expect(graph.nodes.slice(nodes).filter(({ operator }) => operator.name === "TopK")).toEqual([]);
    expect(knn.score(graph, taps, neighbours.fitted, neighbours.parameters)).toBe(alone);
  });

  it("is another one by other parameters, tensors, rows or taps, and in another graph", () => {
    const graph = new Graph();
    const taps = tapsOf(graph);
    const first = knn.score(graph, taps, neighbours.fitted, { neighbours: 3 });
    const others = [
      knn.score(graph, taps, neighbours.fitted, { neighbours: 4 }),
      knn.score(graph, taps, { tensors: {}, bank: memoryRows(bank.read(0, 50), 5) }, { neighbours: 3 }),
      knn.score(
        graph,
        { ...taps, features: graph.input("more", { dtype: "float32", shape: [2, 4] }) },
        neighbours.fitted,
        {
          neighbours: 3,
        },
      ),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
    const second = new Graph();
    expect(knn.score(second, tapsOf(second), neighbours.fitted, { neighbours: 3 }).graph).toBe(second);
  });
});
