/** A graph inside another computes what it computed alone, on whatever takes the place of its inputs. */
import { describe, expect, it } from "vitest";
import {
  add,
  evaluateReference,
  float32Tensor,
  Graph,
  inline,
  matmul,
  mul,
  readModel,
  relu,
  writeModel,
} from "./index.js";

/** relu(x W) + 1 for x [2, 2]; `unused` needs an input that nobody gives. */
function layer(): Graph {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: ["N", 2] });
  const weight = graph.constant(float32Tensor([2, 2], [1, -1, 2, 3]), "weight");
  graph.output("unused", mul(graph.input("other", { dtype: "float32", shape: [] }), 2));
  graph.output("y", add(relu(matmul(x, weight)), 1));
  return graph;
}

describe("inline", () => {
  it("copies what is wanted, with a value in place of an input", () => {
    const other = layer();
    const [x] = other.inputs;
    const y = other.outputs.get("y");
    if (!x || !y) throw new Error("no such graph");
    const graph = new Graph();
    const pixels = graph.input("pixels", { dtype: "float32", shape: ["batch", 2] });
    const copies = inline(graph, other, new Map([[x, mul(pixels, 10)]]), {
      wanted: [y],
      rename: (name) => `model/${name}`,
    });
    const made = copies.get(y);
    expect(made?.dims).toEqual(["batch", 2]);
    if (made) graph.output("y", made);
    expect(graph.constants.map(({ name }) => name)).toContain("model/weight");
    const again = readModel(writeModel(graph)).graph;
    expect(evaluateReference(again, { pixels: float32Tensor([1, 2], [1, 2]) })["y"]?.data).toEqual(
      Float32Array.of(51, 51),
    );
  });

  it("takes values inside for the substitutes as well, and says what has none", () => {
    const other = layer();
    const y = other.outputs.get("y");
    const inner = y?.node?.inputs[0];
    if (!y || !inner) throw new Error("no such graph");
    const graph = new Graph();
    const given = graph.input("given", { dtype: "float32", shape: [1] });
    const made = inline(graph, other, new Map([[inner, given]]), { wanted: [y] }).get(y);
    expect(graph.nodes).toHaveLength(1);
    expect(made?.dims).toEqual([1]);
    expect(() => inline(new Graph(), other, new Map())).toThrowError(
      expect.objectContaining({ code: "OAL-C120", message: expect.stringContaining("none for") }),
    );
  });

  it("lets a node be made otherwise", () => {
    const other = layer();
    const [x] = other.inputs;
    const y = other.outputs.get("y");
    if (!x || !y) throw new Error("no such graph");
    const graph = new Graph();
    const pixels = graph.input("pixels", { dtype: "float32", shape: [1, 2] });
    const made = inline(graph, other, new Map([[x, pixels]]), {
      wanted: [y],
      build: (node, [input]) => (node.operator.name === "Relu" && input ? [input] : null),
    }).get(y);
    if (made) graph.output("y", made);
    expect(evaluateReference(graph, { pixels: float32Tensor([1, 2], [-1, 0]) })["y"]?.data).toEqual(
      Float32Array.of(0, 2),
    );
  });
});
