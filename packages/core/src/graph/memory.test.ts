import { expect, it } from "vitest";
import { Graph, add, float32Tensor, graphMemory, mul, reduceSum } from "./index.js";

it("counts what is alive at once, not what is made in all", () => {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [100] });
  const first = mul(x, graph.constant(float32Tensor([100], new Float32Array(100))));
  const second = mul(first, first);
  graph.output("sum", reduceSum(add(second, 1)));
  // two vectors at a time (a node's input and output), and 400 + 400 + 4 + 8 bytes of input, constants and axes
  expect(graphMemory(graph)).toEqual({ live: 800, held: 812 });
});

it("an output and a value that is read late stay alive", () => {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "uint8", shape: [10] });
  const kept = add(x, x);
  const other = add(kept, kept);
  graph.output("kept", kept);
  graph.output("late", add(add(other, other), kept));
  expect(graphMemory(graph)).toEqual({ live: 30, held: 10 });
});

it("what no output needs takes none, nor keeps what it reads", () => {
  const [wanted, more] = [new Graph(), new Graph()].map((graph, i) => {
    const x = graph.input("x", { dtype: "float32", shape: [100] });
    const first = mul(x, 2);
    const second = add(first, 1);
    const third = add(second, second);
    if (i === 1) mul(first, mul(third, graph.constant(float32Tensor([100], new Float32Array(100)))));
    graph.output("sum", reduceSum(third));
    return graphMemory(graph);
  });
  expect(more).toEqual(wanted);
});
