/** The layout pass against the plain graph, in the engine and in the plain interpreter. */
import {
  conv2d,
  countRewritten,
  evaluateReference,
  float32Tensor,
  Graph,
  gradients,
  mul,
  Random,
  reduceSum,
  sizeOf,
  toNumbers,
  useBlockedConvolutions,
  type ConvOptions,
  type Shape,
  type Tensor,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { blockSize } from "./engines/blockSize.js";
import { runOnce } from "../testing/engine.js";

const block = await blockSize(0);

/** Convolution and both gradients. */
function built(
  x: Shape,
  w: Shape,
  options: ConvOptions,
  bias = false,
): { graph: Graph; feeds: Record<string, Tensor> } {
  const graph = new Graph();
  const input = (name: string, shape: Shape) => graph.input(name, { dtype: "float32", shape });
  const inputs = [input("x", x), input("w", w), ...(bias ? [input("b", w.slice(0, 1))] : [])];
  const [image, weight, offset] = inputs;
  if (!image || !weight) throw new Error("no input");
  const y = conv2d(image, weight, offset ?? null, options);
  const dy = input("dy", y.shape);
  graph.output("y", y);
  gradients(reduceSum(mul(y, dy)), inputs).forEach((value, index) => graph.output(`d${index}`, value));
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => {
      const values = new Random(5, name).uniforms(0, sizeOf(shape)).map((u) => 2 * u - 1);
      return [name, float32Tensor(shape, values)];
    }),
  );
  return { graph, feeds };
}

function expectSame(got: Record<string, Tensor>, wanted: Record<string, Tensor>, tolerance: number): void {
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, tensor] of Object.entries(wanted)) {
    const values = Array.from(tensor.data, Number);
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const worst = values.reduce(
      (largest, value, i) => Math.max(largest, Math.abs(value - Number(got[name]?.data[i]))),
      0,
    );
    expect(got[name]?.shape).toEqual(tensor.shape);
    expect(worst / scale, name).toBeLessThan(tolerance);
  }
}

// Blocked convolutions expected: forward, dX, and one dW a chunk of 32 images on maps of 14 rows and more.
const cases: [string, Shape, Shape, ConvOptions, boolean, number][] = [
  ["3x3 on a small map", [32, 32, 7, 7], [16, 32, 3, 3], { pads: 1 }, false, 3],
  ["with a bias", [16, 16, 5, 6], [32, 16, 3, 3], { pads: [1, 1, 1, 1] }, true, 3],
  ["in chunks of images", [64, 16, 15, 14], [32, 16, 3, 3], { pads: 1 }, false, 4],
  ["stride 2 that drops an edge", [16, 16, 8, 8], [32, 16, 3, 3], { pads: 1, strides: 2 }, false, 2],
  [
    "uneven pads, dilation",
    [16, 16, 9, 8],
    [16, 16, 3, 2],
    { pads: [2, 0, 1, 1], dilations: [2, 1] },
    false,
    3,
  ],
  ["image channels: only dW", [16, 3, 8, 8], [16, 3, 3, 3], { pads: 1 }, false, 1],
  ["batch not of blocks: no dW", [3, 16, 6, 6], [16, 16, 3, 3], { pads: 1 }, false, 2],
  ["1x1: nothing", [16, 16, 6, 6], [16, 16, 1, 1], {}, false, 0],
];

describe.skipIf(block === 0)("useBlockedConvolutions", () => {
  it.each(cases)("%s", async (_name, x, w, options, bias, count) => {
    const { graph, feeds } = built(x, w, options, bias);
    const rewritten = useBlockedConvolutions(graph, block);
    expect(countRewritten(rewritten)).toBe(block === 16 ? count : countRewritten(rewritten));
    expectSame(await runOnce(rewritten, feeds), await runOnce(graph, feeds), 5e-6);
  });

  it("has plain references of the same meaning", async () => {
    const { graph, feeds } = built([16, 16, 4, 4], [16, 16, 3, 3], { pads: 1 });
    const rewritten = useBlockedConvolutions(graph, block);
    expectSame(evaluateReference(rewritten, feeds), await runOnce(rewritten, feeds), 5e-6);
  });

  it("leaves a graph alone without blocked kernels", () => {
    const { graph } = built([16, 16, 4, 4], [16, 16, 3, 3], {});
    expect(useBlockedConvolutions(graph, 0)).toBe(graph);
  });
});

it("the weight gradient of a large map is taken in groups of images, and is the same", async () => {
  const [images, channels, side] = [44, 4, 65];
  const shape = (n: number): Shape => [n, channels, side, side];
  const weight: Shape = [channels, channels, 1, 25];
  const { graph, feeds } = built(shape(images), weight, { pads: [0, 12] });
  expect(Math.max(...graph.nodes.flatMap(({ outputs }) => outputs.map((y) => y.shape[0] ?? 0)))).toBe(images);
  const copies = graph.nodes.flatMap(({ outputs }) => outputs.filter((y) => y.shape[1] === 25 * channels));
  expect(copies.length).toBeGreaterThan(2);
  expect(copies.every((y) => (y.shape[0] ?? 0) < images)).toBe(true);
  const half = images / 2;
  const { graph: part } = built(shape(half), weight, { pads: [0, 12] });
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
  expectSame({ d1: whole["d1"] ?? float32Tensor([0], []) }, { d1: float32Tensor(weight, sum) }, 5e-6);
});
