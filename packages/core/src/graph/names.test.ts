/** Names of a graph: what is given is kept or refused, what is generated makes way. */
import { describe, expect, it } from "vitest";
import { useBlockedLayout } from "../rewrite/index.js";
import { conv2d } from "./functions/index.js";
import { evaluateReference } from "./interpret.js";
import { relu } from "./ops/relu.js";
import { float32Tensor } from "./tensor.js";
import { Graph, type Value } from "./value.js";

const type = { dtype: "float32", shape: [2] } as const;
const tensor = float32Tensor([2], [1, -1]);

function graphWith(): { graph: Graph; x: Value; y: Value } {
  const graph = new Graph();
  const x = graph.input("x", type);
  graph.constant(tensor, "weight");
  const y = relu(x);
  graph.output("y", y);
  return { graph, x, y };
}

describe("a name that is taken", () => {
  it.each([
    ["x", "an input"],
    ["y", "an output"],
    ["weight", "a constant"],
    ["Relu_0", "a value"],
  ])("%s is refused for inputs and outputs: it belongs to %s", (name, owner) => {
    const refusal = expect.objectContaining({
      code: "OAL-G110",
      message: `the graph name "${name}" is already taken by ${owner}`,
    });
    const { graph, y } = graphWith();
    expect(() => graph.input(name, type)).toThrowError(refusal);
    expect(() => graph.output(name, y)).toThrowError(refusal);
  });

  it("is an empty one too, which means 'no value' in ONNX", () => {
    const { graph, y } = graphWith();
    expect(() => graph.input("", type)).toThrowError("is empty");
    expect(() => graph.output("", y)).toThrowError("is empty");
  });
});

it("generated names make way for names given before", () => {
  const graph = new Graph();
  const x = graph.input("Relu_1", type);
  const first = relu(x);
  graph.output("Relu_2", first);
  const second = relu(first);
  const third = relu(second);
  graph.output("result", third);
  const names = [
    ...graph.nodes.flatMap((node) => node.outputs.map((output) => output.name)),
    "Relu_1",
    "Relu_2",
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(Object.keys(evaluateReference(graph, { Relu_1: tensor }))).toEqual(["Relu_2", "result"]);
});

it("a rewritten graph keeps the names of its outputs, also those that look generated", () => {
  const build = (names: readonly [string, string]): Graph => {
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float32", shape: [1, 8, 3, 3] });
    const weight = graph.input("w", { dtype: "float32", shape: [8, 8, 3, 3] });
    const y = conv2d(x, weight);
    graph.output(names[0], y);
    graph.output(names[1], relu(y));
    return useBlockedLayout(graph, 8);
  };
  const [first, second] = build(["y", "z"]).nodes.flatMap((node) => node.outputs.map(({ name }) => name));
  if (first === undefined || second === undefined) throw new Error("no nodes");
  const rewritten = build([first, second]);
  expect([...rewritten.outputs.keys()]).toEqual([first, second]);
  const generated = rewritten.nodes.flatMap((node) => node.outputs.map(({ name }) => name));
  expect(generated).not.toContain(first);
  expect(generated).not.toContain(second);
});

it("a rewrite refuses a value that nothing computes", () => {
  const graph = new Graph();
  const other = new Graph();
  const x = graph.input("x", type);
  graph.output("y", relu(x));
  graph.output("stray", other.input("stray", type));
  expect(() => useBlockedLayout(graph, 8)).toThrowError(
    expect.objectContaining({ code: "OAL-G102", message: expect.stringContaining("stray") }),
  );
});
