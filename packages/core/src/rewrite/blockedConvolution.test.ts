/** Which convolutions the layout pass takes, and that what it makes of them means the same, by the plain interpreter. */
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.js";
import {
  conv2d,
  evaluateReference,
  float32Tensor,
  Graph,
  mul,
  reduceSum,
  sizeOf,
  type ConvOptions,
  type Shape,
  type Tensor,
} from "../graph/index.js";
import { Random } from "../random/index.js";
import { countRewritten, useBlockedConvolutions } from "./index.js";

const block = 4;

interface Case {
  readonly graph: Graph;
  readonly feeds: Record<string, Tensor>;
}

/** A convolution, and its two gradients where asked for. */
function convolution(x: Shape, w: Shape, options: ConvOptions, trained: boolean): Case {
  const graph = new Graph();
  const draw = (name: string, shape: Shape): Tensor =>
    float32Tensor(shape, new Random(5, name).normals(0, sizeOf(shape)));
  const image = graph.input("x", { dtype: "float32", shape: x });
  const weight = graph.input("w", { dtype: "float32", shape: w });
  const y = conv2d(image, weight, null, options);
  graph.output("y", y);
  const feeds: Record<string, Tensor> = { x: draw("x", x), w: draw("w", w) };
  if (trained) {
    const dy = graph.constant(draw("dy", y.shape));
    gradients(reduceSum(mul(y, dy)), [image, weight]).forEach((value, i) => graph.output(`d${i}`, value));
  }
  return { graph, feeds };
}

function expectSame({ graph, feeds }: Case, rewritten: Graph): void {
  const [wanted, got] = [evaluateReference(graph, feeds), evaluateReference(rewritten, feeds)];
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, tensor] of Object.entries(wanted)) {
    expect(got[name]?.shape).toEqual(tensor.shape);
    tensor.data.forEach((value, i) => expect(Number(got[name]?.data[i])).toBeCloseTo(Number(value), 4));
  }
}

describe("the layout pass", () => {
  it("takes convolutions whose channels are multiples of the block, forward and backward", () => {
    const made = convolution([4, 8, 5, 5], [4, 8, 3, 3], { pads: 1 }, true);
    const rewritten = useBlockedConvolutions(made.graph, block);
    expect(countRewritten(rewritten)).toBe(3);
    expectSame(made, rewritten);
  });

  it.each([
    ["strides", [4, 4, 7, 6], [4, 4, 3, 3], { pads: 1, strides: 2 }],
    ["dilations", [4, 4, 9, 7], [4, 4, 3, 2], { pads: [2, 0, 1, 1], dilations: [2, 1] }],
    ["both", [4, 4, 9, 9], [4, 4, 2, 3], { strides: [1, 2], dilations: [3, 1] }],
  ] satisfies [string, Shape, Shape, ConvOptions][])("keeps the meaning of %s", (_name, x, w, options) => {
    const made = convolution(x, w, options, true);
    const rewritten = useBlockedConvolutions(made.graph, block);
    expect(countRewritten(rewritten)).toBeGreaterThan(1);
    expectSame(made, rewritten);
  });

  it.each([
    ["in groups", [2, 8, 5, 5], [8, 4, 3, 3], { pads: 1, group: 2 }],
    ["one channel a group", [2, 4, 5, 5], [4, 1, 3, 3], { pads: 1, group: 4 }],
    ["of one pixel", [2, 8, 5, 5], [4, 8, 1, 1], {}],
    ["of image channels", [2, 3, 5, 5], [4, 3, 3, 3], { pads: 1 }],
    ["to channels that fill no block", [2, 8, 5, 5], [6, 8, 3, 3], { pads: 1 }],
  ] satisfies [string, Shape, Shape, ConvOptions][])(
    "leaves convolutions %s alone",
    (_name, x, w, options) => {
      const made = convolution(x, w, options, false);
      const rewritten = useBlockedConvolutions(made.graph, block);
      expect(countRewritten(rewritten)).toBe(0);
      expectSame(made, rewritten);
    },
  );

  it("leaves constant weights to the engine, which packs them itself", () => {
    const graph = new Graph();
    const weight = graph.constant(float32Tensor([4, 4, 3, 3], new Float32Array(144).fill(0.5)));
    const image = graph.input("x", { dtype: "float32", shape: [1, 4, 5, 5] });
    graph.output("y", conv2d(image, weight, null, {}));
    expect(countRewritten(useBlockedConvolutions(graph, block))).toBe(0);
  });

  it("keeps gradients of grouped convolutions right", () => {
    const made = convolution([4, 8, 5, 5], [8, 4, 3, 3], { pads: 1, group: 2 }, true);
    expectSame(made, useBlockedConvolutions(made.graph, block));
  });
});
