/** What the layout pass takes, and that what it makes of it means the same, by the plain interpreter: for blocks of 4, 8 and 16. */
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.js";
import {
  add,
  averagePool2d,
  batchNormTraining,
  clip,
  conv2d,
  evaluateReference,
  exp,
  float32Tensor,
  gelu,
  globalAveragePool,
  Graph,
  groupNorm,
  log,
  maxPool2d,
  mul,
  reduceSum,
  relu,
  reshape,
  resizeNearest,
  silu,
  sizeOf,
  toNumbers,
  type ConvOptions,
  type Shape,
  type Tensor,
  type Value,
} from "../graph/index.js";
import { reachable } from "../graph/prune.js";
import { Random } from "../random/index.js";
import { countBlocked, useBlockedLayout } from "./index.js";

/** A graph with its inputs' values. */
class Case {
  readonly graph = new Graph();
  readonly feeds: Record<string, Tensor> = {};

  input(name: string, shape: Shape): Value {
    this.feeds[name] = float32Tensor(shape, new Random(5, name).normals(0, sizeOf(shape)));
    return this.graph.input(name, { dtype: "float32", shape });
  }

  /** The result as an output, and the gradients of its product with something by the values given. */
  outputs(y: Value, sources: readonly Value[]): this {
    this.graph.output("y", y);
    const weights = this.graph.constant(
      float32Tensor(y.shape, new Random(6, "dy").normals(0, sizeOf(y.shape))),
    );
    gradients(reduceSum(mul(y, weights)), sources).forEach((value, i) => this.graph.output(`d${i}`, value));
    return this;
  }
}

/** A convolution, and its two gradients where asked for. */
function convolution(x: Shape, w: Shape, options: ConvOptions, trained = true): Case {
  const made = new Case();
  const inputs = [made.input("x", x), made.input("w", w)] as const;
  return made.outputs(conv2d(...inputs, null, options), trained ? inputs : []);
}

/** The rewritten graph computes the same; returns how many blocked nodes of each kind it has. */
function blockedNodes({ graph, feeds }: Case, block: number): Record<string, number> {
  const rewritten = useBlockedLayout(graph, block);
  const [wanted, got] = [evaluateReference(graph, feeds), evaluateReference(rewritten, feeds)];
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, tensor] of Object.entries(wanted)) {
    expect(got[name]?.shape).toEqual(tensor.shape);
    const values = toNumbers(tensor);
    const largest = Math.max(...values.map(Math.abs));
    const worst = Math.max(...values.map((value, i) => Math.abs(value - Number(got[name]?.data[i]))));
    expect(worst, name).toBeLessThan(2e-5 * (1 + largest));
  }
  return countBlocked(rewritten);
}

/** How many nodes of an operator the outputs need. */
function countOf(graph: Graph, name: string): number {
  return reachable(graph).nodes.filter(({ operator }) => operator.name === name).length;
}

describe("convolutions", () => {
  it.each([
    ["3x3", [4, 8, 5, 5], [4, 8, 3, 3], { pads: 1 }, 4],
    ["whose padding is uneven", [4, 4, 5, 5], [4, 4, 3, 3], { pads: [1, 1, 0, 0] }, 4],
    ["with strides", [4, 4, 8, 6], [4, 4, 3, 3], { pads: 1, strides: 2 }, 7],
    [
      "with strides over odd maps, whose dX stays plain",
      [4, 4, 7, 7],
      [4, 4, 3, 3],
      { pads: 1, strides: 2 },
      3,
    ],
    ["with strides of 3", [4, 4, 6, 6], [4, 4, 5, 5], { pads: 2, strides: 3 }, 12],
    ["with dilations", [4, 4, 9, 7], [4, 4, 3, 2], { pads: [2, 0, 1, 1], dilations: [2, 1] }, 4],
    ["of one pixel", [4, 8, 5, 5], [4, 8, 1, 1], {}, 3],
    ["of one pixel in two", [4, 8, 6, 4], [4, 8, 1, 1], { strides: 2 }, 3],
    ["that drop an edge", [4, 4, 6, 6], [4, 4, 3, 3], { strides: 2 }, 6],
    ["of few input channels", [4, 3, 5, 5], [4, 3, 3, 3], { pads: 1 }, 3],
  ] satisfies [string, Shape, Shape, ConvOptions, number][])("%s", (_name, x, w, options, count) => {
    expect(blockedNodes(convolution(x, w, options), 4)["BlockedConv"]).toBe(count);
  });

  it("with channels that leave a block unfilled get zeros behind them", () => {
    const made = convolution([8, 12, 4, 4], [12, 12, 3, 3], { pads: 1 });
    const counts = blockedNodes(made, 8);
    expect(counts["BlockedConv"]).toBeGreaterThanOrEqual(3);
    expect(useBlockedLayout(made.graph, 8).nodes.some(({ outputs: [y] }) => y?.dims[1] === 16)).toBe(true);
  });

  it.each([
    ["in groups", [2, 8, 5, 5], [8, 4, 3, 3], { pads: 1, group: 2 }, 4],
    ["to channels that are no multiple of 4", [2, 8, 5, 5], [6, 8, 3, 3], { pads: 1 }, 8],
  ] satisfies [string, Shape, Shape, ConvOptions, number][])(
    "%s stay plain",
    (_name, x, w, options, block) => {
      expect(blockedNodes(convolution(x, w, options, false), block)).toEqual({});
      blockedNodes(convolution(x, w, options), block);
    },
  );

  it("of one channel a group are taken, their gradients stay plain and right", () => {
    const made = convolution([2, 8, 5, 5], [8, 1, 3, 3], { pads: 1, group: 8 });
    expect(blockedNodes(made, 4)["BlockedConv"]).toBe(1);
  });

  it("of a batch that fills no block have a plain weight gradient", () => {
    expect(blockedNodes(convolution([3, 4, 6, 6], [4, 4, 3, 3], { pads: 1 }), 4)["BlockedConv"]).toBe(2);
  });

  it("leaves constant weights to the engine, which packs them itself", () => {
    const made = new Case();
    const weight = made.graph.constant(float32Tensor([4, 4, 3, 3], new Float32Array(144).fill(0.5)));
    made.graph.output("y", conv2d(made.input("x", [1, 4, 5, 5]), weight, null, {}));
    expect(blockedNodes(made, 4)).toEqual({});
  });

  it("take a bias, a sum that nothing else wants and ReLU into the same pass", () => {
    const made = new Case();
    const [x, w, b, s] = [
      made.input("x", [4, 8, 5, 5]),
      made.input("w", [8, 8, 3, 3]),
      made.input("b", [8]),
      made.input("s", [4, 8, 5, 5]),
    ];
    made.graph.output("y", relu(add(conv2d(x, w, b, { pads: 1 }), s)));
    // The image, the summand and the weight, which takes two steps, come into blocks.
    expect(blockedNodes(made, 8)).toEqual({ BlockedConv: 1, ReorderInput: 4, ReorderOutput: 1 });
  });

  it("beside a shortcut share the first phase of their strided gradient", () => {
    const made = new Case();
    const [x, w, v] = [
      made.input("x", [4, 4, 4, 6]),
      made.input("w", [8, 4, 3, 3]),
      made.input("v", [8, 4, 1, 1]),
    ];
    made.outputs(add(conv2d(x, w, null, { pads: 1, strides: 2 }), conv2d(x, v, null, { strides: 2 })), [
      x,
      w,
      v,
    ]);
    // Two forward, one of which takes the other as its summand; four phases and the shortcut's; two dW, one of them padded.
    expect(blockedNodes(made, 4)["BlockedConv"]).toBe(10);
    expect(useBlockedLayout(made.graph, 4).outputs.get("d0")?.node?.operator.name).toBe("ReorderOutput");
  });

  it("whose result is read twice are computed once", () => {
    const made = new Case();
    const y = conv2d(made.input("x", [4, 8, 5, 5]), made.input("w", [8, 8, 3, 3]), null, { pads: 1 });
    made.graph.output("y", relu(y));
    made.graph.output("z", y);
    expect(blockedNodes(made, 8)["BlockedConv"]).toBe(1);
  });
});

describe("what follows a convolution", () => {
  /** A convolution, then something, with gradients by all. */
  function after(channels: number, follow: (y: Value, made: Case) => Value, images = 8, side = 4): Case {
    const made = new Case();
    const x = made.input("x", [images, channels, side, side]);
    const w = made.input("w", [channels, channels, 3, 3]);
    return made.outputs(follow(conv2d(x, w, null, { pads: 1 }), made), [x, w]);
  }
  const normalised = (y: Value, made: Case): Value =>
    batchNormTraining(y, made.input("scale", [y.size(1)]), made.input("shift", [y.size(1)])).y;

  it.each([8, 16])("batch normalisation with shortcut and ReLU, block of %i", (block) => {
    for (const channels of [16, 12]) {
      const made = after(channels, (y, own) => relu(add(normalised(y, own), own.input("s", y.shape))), 16, 3);
      const counts = blockedNodes(made, block);
      // Forward: the convolution, centred values and their squares, the normalisation with all that follows it.
      expect(counts["BlockedConv"]).toBeGreaterThanOrEqual(8);
      expect(counts["BlockedGlobalAveragePool"]).toBe(2);
      // Neither layout changes between.
      expect(counts["ReorderOutput"]).toBeLessThanOrEqual(5);
    }
  });

  it("max-pools, whose gradient is shared among equals", () => {
    const made = after(8, (y) => maxPool2d(relu(y), { kernel: 2 }));
    expect(blockedNodes(made, 8)).toMatchObject({
      BlockedMaxPool: 1,
      BlockedUpsample: 2,
      BlockedAveragePool: 1,
    });
  });

  it("max-pools that drop rows or overlap", () => {
    const dropping = after(8, (y) => maxPool2d(y, { kernel: 2 }), 8, 5);
    const sharing = after(8, (y) => maxPool2d(y, { kernel: 3, strides: 2, pads: 1 }));
    for (const made of [dropping, sharing]) expect(blockedNodes(made, 8)["BlockedMaxPool"]).toBe(1);
    // Where no window reaches every row, the mask is made as in ordinary memory.
    expect(blockedNodes(sharing, 8)["BlockedUpsample"]).toBeUndefined();
  });

  it("mean pools, padded or not, and the mean of a map", () => {
    const counted = after(8, (y) => averagePool2d(y, { kernel: 3, strides: 2, pads: 1 }));
    const inside = after(8, (y) => averagePool2d(y, { kernel: 2, pads: 1, countIncludePad: false }));
    for (const made of [counted, inside])
      expect(blockedNodes(made, 4)["BlockedAveragePool"]).toBeGreaterThan(0);
    expect(blockedNodes(after(8, globalAveragePool), 4)["BlockedGlobalAveragePool"]).toBe(1);
  });

  it("pixels repeated, and their gradient", () => {
    expect(
      blockedNodes(
        after(8, (y) => resizeNearest(y, 2)),
        8,
      )["BlockedUpsample"],
    ).toBe(1);
  });

  it("factors and offsets, several as one, and those of GELU's derivative", () => {
    const made = after(8, (y, own) => add(mul(add(mul(y, 2), own.input("v", [8, 1, 1])), -3), 1));
    expect(blockedNodes(made, 8)["BlockedConv"]).toBe(5);
    expect(
      blockedNodes(
        after(8, (y) => gelu(y)),
        8,
      )["BlockedConv"],
    ).toBe(7);
  });

  it.each([
    [8, 8, 2],
    [8, 12, 3],
    [16, 16, 8],
    [4, 8, 1],
    // As many images as channels.
    [8, 8, 1],
    [16, 16, 1],
  ])("group normalisation, block of %i, %i channels in %i groups", (block, channels, groups) => {
    const made = after(
      channels,
      (y, own) => {
        const scale = own.input("scale", [channels]);
        const normal = groupNorm(y, groups, scale, own.input("shift", [channels]));
        // As a network that is conditioned does: factors and offsets of every image.
        return silu(
          add(mul(normal, own.input("f", [block, channels, 1, 1])), own.input("o", [block, channels, 1, 1])),
        );
      },
      block,
    );
    const counts = blockedNodes(made, block);
    // The mean and, in the gradient, that of dY; nothing is normalised in ordinary memory.
    expect(counts["BlockedGlobalAveragePool"]).toBe(2);
    const kinds = useBlockedLayout(made.graph, block);
    expect(countOf(kinds, "LayerNormalization")).toBe(0);
  });

  it.each<[string, (y: Value, own: Case) => Value]>([
    [
      "factors of rows, as many as a view could have groups",
      (y, own) => mul(y, own.input("rows", [8, 4, 1])),
    ],
    [
      "pixels in another order of rows and columns",
      (y, own) =>
        conv2d(reshape(normalised(y, own), [8, 8, 16, 1]), own.input("w31", [8, 8, 3, 1]), null, {
          pads: [1, 0, 1, 0],
        }),
    ],
    ["channels as heads", (y, own) => mul(reshape(normalised(y, own), [8, 4, 2, 16]), 2)],
    ["a view that is clipped", (y, own) => clip(reshape(normalised(y, own), [8, 8, 16]), 0, 6)],
    [
      "a view and what is none",
      (y, own) => add(reshape(normalised(y, own), [8, 8, 16]), own.input("tokens", [8, 8, 16])),
    ],
    [
      "views of the same sizes of images of others",
      (y, own) => {
        const other = conv2d(own.input("x2", [8, 4, 8, 4]), own.input("w2", [4, 4, 1, 1]));
        const scaled = [mul(y, own.input("f", [8, 1, 1])), mul(other, own.input("f2", [4, 1, 1]))] as const;
        return add(reshape(scaled[0], [8, 2, 64]), reshape(scaled[1], [8, 2, 64]));
      },
    ],
  ])("not more than there is: %s", (_name, follow) => {
    for (const block of [4, 8]) blockedNodes(after(8, follow), block);
  });

  it("no factors of maps for one image that is stretched to many", () => {
    const made = after(8, (y, own) => add(normalised(y, own), own.input("maps", [8, 8, 1, 1])), 1);
    expect(made.graph.outputs.get("y")?.shape).toEqual([8, 8, 4, 4]);
    for (const block of [4, 8]) blockedNodes(made, block);
  });

  it("group normalisation far from zero keeps its digits", () => {
    const made = new Case();
    const [x, w] = [made.input("x", [8, 8, 4, 4]), made.input("w", [8, 8, 1, 1])];
    const far = add(conv2d(x, w), 3000);
    const one = made.graph.constant(float32Tensor([8], new Float32Array(8).fill(1)));
    const y = groupNorm(far, 4, one, made.graph.constant(float32Tensor([8], new Float32Array(8))));
    made.graph.output("y", y);
    const [wanted, got] = [made.graph, useBlockedLayout(made.graph, 8)].map((graph) =>
      toNumbers(evaluateReference(graph, made.feeds)["y"] ?? float32Tensor([0], [])),
    );
    const worst = Math.max(...(wanted ?? []).map((value, i) => Math.abs(value - (got?.[i] ?? NaN))));
    expect(worst).toBeLessThan(2e-3);
  });

  it("what works element by element", () => {
    const made = after(8, (y) => mul(gelu(y), add(y, 2)));
    const { ReorderOutput } = blockedNodes(made, 8);
    // The result, the two gradients and dW's image.
    expect(ReorderOutput).toBe(4);
  });

  it("nothing of zeros behind the last channel that could become infinite", () => {
    const made = after(12, (y) => log(add(exp(y), 0.5)));
    const twice = new Case();
    const [x, w, v] = [
      twice.input("x", [8, 12, 4, 4]),
      twice.input("w", [12, 12, 3, 3]),
      twice.input("v", [12, 12, 1, 1]),
    ];
    // log(0) behind the last channel would meet the zeros of the next weight.
    twice.outputs(conv2d(log(mul(conv2d(x, w), conv2d(x, w))), v), [v]);
    for (const each of [made, twice]) blockedNodes(each, 8);
  });
});

it("without blocked kernels is the graph itself", () => {
  const { graph } = convolution([4, 8, 5, 5], [8, 8, 3, 3], {});
  expect(useBlockedLayout(graph, 0)).toBe(graph);
});
