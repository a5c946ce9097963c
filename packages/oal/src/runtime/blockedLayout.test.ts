/** The layout pass against the plain graph in the engine, with the block of this CPU; and the references of blocked operators. */
import {
  add,
  averagePool2d,
  batchNormTraining,
  conv2d,
  countBlocked,
  evaluateReference,
  float32Tensor,
  gelu,
  globalAveragePool,
  Graph,
  gradients,
  groupNorm,
  maxPool2d,
  mul,
  Random,
  reduceSum,
  relu,
  resizeNearest,
  silu,
  sizeOf,
  useBlockedLayout,
  type ConvOptions,
  type Shape,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { blockSize } from "./engines/blockSize.js";
import { cpuEngine } from "./engines/index.js";
import { runOnce } from "../testing/engine.js";

const block = await blockSize(0);

interface Case {
  readonly graph: Graph;
  readonly feeds: Record<string, Tensor>;
}

/** A result and its gradients by all inputs. */
function built(shapes: Record<string, Shape>, build: (inputs: Record<string, Value>) => Value): Case {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, { dtype: "float32", shape })]),
  );
  const y = build(inputs);
  const dy = graph.input("dy", { dtype: "float32", shape: y.shape });
  graph.output("y", y);
  gradients(reduceSum(mul(y, dy)), Object.values(inputs)).forEach((value, index) =>
    graph.output(`d${index}`, value),
  );
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

const convolution =
  (options: ConvOptions) =>
  ({ x, w, b }: Record<string, Value>) => {
    if (!x || !w) throw new Error("no input");
    return conv2d(x, w, b ?? null, options);
  };

/** A convolution to 32 channels, batch normalisation, a shortcut, and an activation. */
const residual =
  (activate: (x: Value) => Value, follow: (x: Value) => Value = (x) => x) =>
  ({ x, w, scale, shift, s }: Record<string, Value>) => {
    if (!x || !w || !scale || !shift) throw new Error("no input");
    const { y } = batchNormTraining(conv2d(x, w, null, { pads: 1 }), scale, shift);
    return follow(activate(s ? add(y, s) : y));
  };
const residualShapes = (images: number, channels: number, side: number): Record<string, Shape> => ({
  x: [images, channels, side, side],
  w: [channels, channels, 3, 3],
  scale: [channels],
  shift: [channels],
  s: [images, channels, side, side],
});
const unsummed = (images: number, channels: number, side: number): Record<string, Shape> => {
  const { s: _s, ...shapes } = residualShapes(images, channels, side);
  return shapes;
};

type Build = (inputs: Record<string, Value>) => Value;
const cases: [string, Record<string, Shape>, Build, keyof ReturnType<typeof countBlocked>, number][] = [
  [
    "3x3 on a small map",
    { x: [32, 32, 7, 7], w: [16, 32, 3, 3] },
    convolution({ pads: 1 }),
    "BlockedConv",
    4,
  ],
  ["a bias", { x: [16, 16, 5, 6], w: [32, 16, 3, 3], b: [32] }, convolution({ pads: 1 }), "BlockedConv", 4],
  [
    "blocks of images added at the end",
    { x: [64, 16, 15, 14], w: [32, 16, 3, 3] },
    convolution({ pads: 1 }),
    "BlockedConv",
    4,
  ],
  [
    "images summed at once, for little is moved",
    { x: [32, 32, 2, 2], w: [64, 32, 3, 3] },
    convolution({ pads: 1 }),
    "BlockedConv",
    4,
  ],
  [
    "a shortcut beside stride 2",
    { x: [16, 16, 8, 8], w: [32, 16, 3, 3], v: [32, 16, 1, 1] },
    ({ x, w, v }) => {
      if (!x || !w || !v) throw new Error("no input");
      return add(conv2d(x, w, null, { pads: 1, strides: 2 }), conv2d(x, v, null, { strides: 2 }));
    },
    "BlockedConv",
    10,
  ],
  [
    "stride 2",
    { x: [16, 16, 8, 8], w: [32, 16, 3, 3] },
    convolution({ pads: 1, strides: 2 }),
    "BlockedConv",
    7,
  ],
  [
    "stride 2 that drops an edge",
    { x: [16, 16, 8, 8], w: [32, 16, 3, 3] },
    convolution({ strides: 2 }),
    "BlockedConv",
    6,
  ],
  [
    "uneven pads, dilation",
    { x: [16, 16, 9, 8], w: [16, 16, 3, 2] },
    convolution({ pads: [2, 0, 1, 1], dilations: [2, 1] }),
    "BlockedConv",
    4,
  ],
  ["image channels", { x: [16, 3, 8, 8], w: [16, 3, 3, 3] }, convolution({ pads: 1 }), "BlockedConv", 3],
  ["24 channels", { x: [16, 24, 8, 8], w: [24, 24, 3, 3] }, convolution({ pads: 1 }), "BlockedConv", 4],
  ["batch of no block", { x: [3, 16, 6, 6], w: [16, 16, 3, 3] }, convolution({ pads: 1 }), "BlockedConv", 2],
  ["1x1", { x: [16, 16, 6, 6], w: [32, 16, 1, 1] }, convolution({}), "BlockedConv", 3],
  [
    "1x1 of stride 2",
    { x: [16, 16, 6, 6], w: [32, 16, 1, 1] },
    convolution({ strides: 2 }),
    "BlockedConv",
    3,
  ],
  [
    "one channel a group",
    { x: [2, 32, 6, 6], w: [32, 1, 3, 3] },
    convolution({ pads: 1, group: 32 }),
    "BlockedConv",
    1,
  ],
  ["normalisation, shortcut, ReLU", residualShapes(16, 32, 6), residual(relu), "BlockedGlobalAveragePool", 2],
  ["the same of 24 channels", residualShapes(16, 24, 7), residual(relu), "BlockedGlobalAveragePool", 2],
  ["GELU", unsummed(16, 32, 6), residual(gelu), "BlockedGlobalAveragePool", 2],
  ["max-pool", unsummed(16, 32, 6), residual(relu, (x) => maxPool2d(x, { kernel: 2 })), "BlockedUpsample", 2],
  [
    "overlapping max-pool",
    unsummed(16, 32, 6),
    residual(
      (x) => x,
      (x) => maxPool2d(x, { kernel: 3, strides: 2, pads: 1 }),
    ),
    "BlockedMaxPool",
    1,
  ],
  [
    "mean pool",
    unsummed(16, 32, 6),
    residual(relu, (x) => averagePool2d(x, { kernel: 2 })),
    "BlockedAveragePool",
    1,
  ],
  ["repeated pixels", unsummed(16, 32, 6), residual(relu, (x) => resizeNearest(x, 2)), "BlockedUpsample", 1],
  [
    "group normalisation of 24 channels",
    unsummed(16, 24, 6),
    ({ x, w, scale, shift }) => {
      if (!x || !w || !scale || !shift) throw new Error("no input");
      return silu(groupNorm(conv2d(x, w, null, { pads: 1 }), 8, scale, shift));
    },
    "BlockedGlobalAveragePool",
    3,
  ],
  ["mean of a map", unsummed(16, 32, 6), residual(relu, globalAveragePool), "BlockedGlobalAveragePool", 3],
];

describe.skipIf(block === 0)("useBlockedLayout", () => {
  it.each(cases)("%s", async (_name, shapes, build, operator, count) => {
    const { graph, feeds } = built(shapes, build);
    const rewritten = useBlockedLayout(graph, block);
    // Whichever block this CPU has: what is taken depends on neither its kernels nor, in these cases, on which of the two it is.
    const counts = [8, 16].map((each) => countBlocked(useBlockedLayout(graph, each))[operator]);
    expect(counts).toEqual([count, count]);
    expectSame(await runOnce(rewritten, feeds), await runOnce(graph, feeds), 1e-5);
  });

  it("is made of operators whose plain references mean the same", async () => {
    const { graph, feeds } = built(unsummed(block, block, 4), (inputs) =>
      residual(relu, (x) => resizeNearest(averagePool2d(maxPool2d(x, { kernel: 2 }), { kernel: 1 }), 2))(
        inputs,
      ),
    );
    const rewritten = useBlockedLayout(graph, block);
    expect(Object.keys(countBlocked(rewritten)).length).toBe(7);
    expectSame(evaluateReference(rewritten, feeds), await runOnce(rewritten, feeds), 1e-5);
  });

  it("gives the same bits with one thread and two", async () => {
    const { graph, feeds } = built(residualShapes(32, 32, 14), residual(relu));
    const [one, two] = await Promise.all(
      [1, 2].map(async (threads) => {
        const session = await (await cpuEngine({ threads })).compile(useBlockedLayout(graph, block));
        const result = await session.run(feeds);
        await session.release();
        return result;
      }),
    );
    expect(one).toEqual(two);
  });
});
