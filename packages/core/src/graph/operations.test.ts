/** Operations counted by hand. */
import { expect, it } from "vitest";
import { gradients } from "../autodiff/index.js";
import {
  conv2d,
  convTranspose2d,
  countOperations,
  gemm,
  Graph,
  matmul,
  reduceSum,
  relu,
  reshape,
  type Shape,
  type Value,
} from "./index.js";

function counted(build: (input: (shape: Shape) => Value) => Value) {
  const graph = new Graph();
  let inputs = 0;
  graph.output(
    "y",
    build((shape) => graph.input(`x${inputs++}`, { dtype: "float32", shape })),
  );
  return countOperations(graph);
}

it("a convolution costs its taps for every element that it makes", () => {
  const found = counted((input) => conv2d(input([2, 3, 5, 5]), input([4, 3, 3, 3]), null, { pads: 1 }));
  const operations = 2 * (2 * 4 * 5 * 5) * (3 * 3 * 3);
  expect(found).toEqual({
    products: operations,
    byOperator: { Conv: operations },
    elements: 2 * 4 * 5 * 5,
    nodes: 1,
  });
  const grouped = counted((input) =>
    conv2d(input([1, 4, 6, 6]), input([4, 2, 3, 3]), null, { group: 2, strides: 2, pads: 1 }),
  );
  expect(grouped.products).toBe(2 * (4 * 3 * 3) * (2 * 3 * 3));
});

it("its adjoint costs them for every element that it reads", () => {
  const found = counted((input) =>
    convTranspose2d(input([1, 4, 3, 3]), input([4, 2, 2, 2]), null, { strides: 2 }),
  );
  expect(found.products).toBe(2 * (4 * 3 * 3) * (2 * 2 * 2));
});

it("products of matrices, also of many and of transposed ones", () => {
  expect(counted((input) => matmul(input([7, 2, 3]), input([7, 3, 5]))).products).toBe(2 * 7 * 2 * 3 * 5);
  expect(counted((input) => gemm(input([2, 3]), input([3, 5]), null, {})).products).toBe(2 * 2 * 3 * 5);
  const transposed = counted((input) => gemm(input([3, 2]), input([3, 5]), null, { transA: true }));
  expect(transposed.products).toBe(2 * 2 * 3 * 5);
});

it("counts what the outputs need, and neither views nor operators without products as products", () => {
  const graph = new Graph();
  const [x, w] = [
    graph.input("x", { dtype: "float32", shape: [2, 3] }),
    graph.input("w", { dtype: "float32", shape: [3, 4] }),
  ];
  matmul(x, w);
  graph.output("y", reshape(relu(x), [6]));
  expect(countOperations(graph)).toEqual({ products: 0, byOperator: {}, elements: 6, nodes: 1 });
});

it("a training step costs three times its forward pass, but for the first layer's input", () => {
  const forward = counted((input) =>
    reduceSum(matmul(matmul(input([8, 3]), input([3, 5])), input([5, 4])), [0, 1]),
  );
  const graph = new Graph();
  const [x, a, b] = (
    [
      ["x", [8, 3]],
      ["a", [3, 5]],
      ["b", [5, 4]],
    ] as const
  ).map(([name, shape]) => graph.input(name, { dtype: "float32", shape }));
  if (!x || !a || !b) throw new Error("not declared");
  const loss = reduceSum(matmul(matmul(x, a), b), [0, 1]);
  gradients(loss, [a, b]).forEach((slope, i) => graph.output(`d${i}`, slope));
  graph.output("loss", loss);
  expect(countOperations(graph).products).toBe(3 * forward.products - 2 * 8 * 3 * 5);
});
