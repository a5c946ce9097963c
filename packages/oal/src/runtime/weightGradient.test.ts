/** The weight gradient of large maps, which is computed a few images at a time. */
import {
  conv2d,
  float32Tensor,
  Graph,
  gradients,
  mul,
  Random,
  reduceSum,
  sizeOf,
  toNumbers,
  type Shape,
  type Tensor,
} from "oal-core";
import { expect, it } from "vitest";
import { runOnce } from "../testing/engine.js";

/** A convolution padded along the columns, and its weight gradient. */
function built(x: Shape, w: Shape): { graph: Graph; feeds: Record<string, Tensor> } {
  const graph = new Graph();
  const [image, weight] = [
    graph.input("x", { dtype: "float32", shape: x }),
    graph.input("w", { dtype: "float32", shape: w }),
  ];
  const y = conv2d(image, weight, null, { pads: [0, 12] });
  const dy = graph.input("dy", { dtype: "float32", shape: y.shape });
  gradients(reduceSum(mul(y, dy)), [image, weight]).forEach((value, i) => graph.output(`d${i}`, value));
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => {
      const values = new Random(5, name).uniforms(0, sizeOf(shape)).map((u) => 2 * u - 1);
      return [name, float32Tensor(shape, values)];
    }),
  );
  return { graph, feeds };
}

it("the weight gradient of a large map is taken in groups of images, and is the same", async () => {
  const [images, channels, side] = [44, 4, 65];
  const shape = (n: number): Shape => [n, channels, side, side];
  const weight: Shape = [channels, channels, 1, 25];
  const { graph, feeds } = built(shape(images), weight);
  expect(Math.max(...graph.nodes.flatMap(({ outputs }) => outputs.map((y) => y.shape[0] ?? 0)))).toBe(images);
  const copies = graph.nodes.flatMap(({ outputs }) => outputs.filter((y) => y.shape[1] === 25 * channels));
  expect(copies.length).toBeGreaterThan(2);
  expect(copies.every((y) => (y.shape[0] ?? 0) < images)).toBe(true);
  const half = images / 2;
  const { graph: part } = built(shape(half), weight);
  const halves = await Promise.all(
    [0, 1].map((which) => {
      const rows = (name: string): Tensor => {
        const tensor = feeds[name];
        if (!tensor || !(tensor.data instanceof Float32Array)) throw new Error(name);
        const size = tensor.data.length / 2;
        return float32Tensor(shape(half), tensor.data.subarray(which * size, (which + 1) * size));
      };
      return runOnce(part, { x: rows("x"), dy: rows("dy"), ...(feeds["w"] ? { w: feeds["w"] } : {}) });
    }),
  );
  const whole = await runOnce(graph, feeds);
  const [first = [], second = []] = halves.map(({ d1 }) => (d1 ? toNumbers(d1) : []));
  const sum = first.map((value, i) => value + (second[i] ?? 0));
  const got = whole["d1"] ? toNumbers(whole["d1"]) : [];
  const worst = Math.max(...sum.map((value, i) => Math.abs(value - (got[i] ?? NaN))));
  expect(worst / Math.max(...sum.map(Math.abs))).toBeLessThan(5e-6);
});
