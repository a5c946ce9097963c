/** Networks in 16 and 8 bits: what stays as it is, and how far the answers move. */
import {
  add,
  batchNormInference,
  cast,
  clip,
  conv2d,
  float32Tensor,
  gemm,
  globalAveragePool,
  Graph,
  greaterOrEqual,
  matmul,
  mul,
  Random,
  reduceMax,
  relu,
  toNumbers,
  transpose,
  uint8Tensor,
  type Node,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine as engine } from "../testing/engine.js";
import { foldNormalisation } from "./foldNormalisation.js";
import { halfPrecision } from "./half.js";
import { halfBits } from "./halfFloat.js";
import { nodesBehind } from "./network.js";
import { quantise } from "./quantise.js";

const random = new Random(5, "precision");
let draws = 0;
const drawn = (shape: readonly number[], scale: number): Tensor =>
  float32Tensor(
    shape,
    random
      .normals(
        draws++,
        shape.reduce((a, b) => a * b, 1),
      )
      .map((value) => value * scale),
  );

/** A small network of every kind of layer, with a detector of a bank and a decision. */
function network(): Graph {
  draws = 0;
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: ["batch", 3, 12, 12] });
  const constant = (name: string, shape: readonly number[], scale: number): Value =>
    graph.constant(drawn(shape, scale), name);
  const normed = (x: Value, name: string, channels: number): Value =>
    batchNormInference(
      x,
      graph.constant(
        float32Tensor(
          [channels],
          toNumbers(drawn([channels], 0.2)).map((v) => 1 + v),
        ),
        `${name}.scale`,
      ),
      constant(`${name}.shift`, [channels], 0.2),
      constant(`${name}.mean`, [channels], 0.2),
      graph.constant(float32Tensor([channels], new Float32Array(channels).fill(0.8)), `${name}.variance`),
    );
  const pixels = mul(cast(images, "float32"), 1 / 64);
  const first = conv2d(pixels, constant("first.weight", [8, 3, 3, 3], 0.3), null, { pads: 1 });
  const a = clip(normed(first, "first", 8), 0, 6);
  const deep = conv2d(a, constant("deep.weight", [8, 1, 3, 3], 0.4), constant("deep.bias", [8], 0.2), {
    pads: 1,
    group: 8,
  });
  const b = conv2d(clip(deep, 0, 6), constant("point.weight", [8, 8, 1, 1], 0.4));
  const features = globalAveragePool(add(a, b));
  const logits = gemm(features, constant("head.weight", [4, 8], 0.5), constant("head.bias", [4], 0.1), {
    transB: true,
  });
  const bank = constant("bank", [5, 8], 1);
  const score = reduceMax(matmul(features, transpose(bank, [1, 0])), [1], false);
  graph.output("logits", logits);
  graph.output("features", features);
  graph.output("score", score);
  graph.output("known", greaterOrEqual(score, 0.5));
  return graph;
}

const feeds = [0, 1].map((step) => ({
  images: uint8Tensor(
    [6, 3, 12, 12],
    Uint8Array.from(random.uniforms(100 + step, 6 * 3 * 144), (u) => 256 * u),
  ),
}));

async function outputsOf(graph: Graph): Promise<Record<string, Tensor>> {
  const session = await engine.compile(graph);
  const outputs = await session.run(feeds[1] ?? {});
  await session.release();
  return outputs;
}

function largestDifference(a: Tensor | undefined, b: Tensor | undefined): number {
  const [left, right] = [a ? toNumbers(a) : [], b ? toNumbers(b) : [NaN]];
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - (right[i] ?? NaN))), 0);
}

const nodesOf = (graph: Graph): Node[] => {
  const needed = nodesBehind(graph.outputs.values());
  return graph.nodes.filter((node) => needed.has(node));
};
/** Element types of the constants that nodes read, by their first names. */
const typesRead = (graph: Graph): Record<string, string> =>
  Object.fromEntries(
    nodesOf(graph).flatMap(({ inputs }) =>
      inputs.flatMap((input): [string, string][] =>
        input?.constant ? [[input.name.replace(/~\d+$/, ""), input.dtype]] : [],
      ),
    ),
  );
const typesOf = (graph: Graph): Record<string, string> =>
  Object.fromEntries([...graph.outputs].map(([name, { dtype }]) => [name, dtype]));

describe("numbers of 16 bits", () => {
  it("are the nearest ones, halves to even, infinite beyond the largest", () => {
    const known: readonly (readonly [number, number])[] = [
      [0, 0],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [1 + 2 ** -11, 0x3c00], // half way, to even
      [1 + 3 * 2 ** -11, 0x3c02],
      [65504, 0x7bff],
      [65519.99, 0x7bff],
      [65520, 0x7c00],
      [-Infinity, 0xfc00],
      [NaN, 0x7e00],
      [2 ** -14, 0x0400],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [1.5 * 2 ** -24, 2],
      [2 ** -14 - 2 ** -26, 0x0400],
    ];
    for (const [value, bits] of known) expect(halfBits(value), String(value)).toBe(bits);
  });

  it("are what every one of them is read as", () => {
    const valueOf = (bits: number): number => {
      const [exponent, part] = [bits >> 10, bits & 0x3ff];
      return exponent === 0 ? part * 2 ** -24 : (1 + part / 1024) * 2 ** (exponent - 15);
    };
    const all = Array.from({ length: 0x7c00 }, (_, bits) => bits);
    expect(all.filter((bits) => halfBits(valueOf(bits)) !== bits)).toEqual([]);
    expect(all.filter((bits) => halfBits(-valueOf(bits)) !== (bits | 0x8000))).toEqual([]);
  });
});

describe("a network of 16 bits", () => {
  it("keeps the types of its outputs and its detector, and answers alike", async () => {
    const graph = network();
    const half = halfPrecision(graph);
    expect(typesOf(half)).toEqual(typesOf(graph));
    expect(typesRead(half)).toMatchObject({ "point.weight": "float16", bank: "float32" });
    const [wanted, found] = [await outputsOf(graph), await outputsOf(half)];
    for (const name of ["logits", "features", "score"]) {
      const difference = largestDifference(found[name], wanted[name]);
      expect(difference).toBeGreaterThan(0);
      expect(difference).toBeLessThan(0.01);
    }
  });

  it("computes a product with 32 bits whose weight is larger than 16 hold", async () => {
    const graph = new Graph();
    const x = graph.input("images", { dtype: "float32", shape: ["batch", 2] });
    const large = graph.constant(float32Tensor([2, 2], [1e5, 0, 0, 1]), "large");
    graph.output("logits", gemm(x, large));
    const session = await engine.compile(halfPrecision(graph));
    const { logits } = await session.run({ images: float32Tensor([1, 2], [1, 1]) });
    expect(logits && toNumbers(logits)).toEqual([1e5, 1]);
    await session.release();
  });
});

describe("a normalisation behind a convolution", () => {
  it("becomes part of it", async () => {
    const graph = network();
    const folded = foldNormalisation(graph);
    const names = nodesOf(folded).map(({ operator: { name } }) => name);
    expect(names).not.toContain("BatchNormalization");
    expect(names.filter((name) => name === "Conv")).toHaveLength(3);
    const [wanted, found] = [await outputsOf(graph), await outputsOf(folded)];
    for (const name of ["logits", "features", "score"])
      expect(largestDifference(found[name], wanted[name])).toBeLessThan(1e-4);
  });

  it("stays where something else reads the convolution too", () => {
    const graph = network();
    const [first] = graph.nodes.filter(({ operator: { name } }) => name === "Conv");
    if (first?.outputs[0]) graph.output("map", first.outputs[0]);
    const names = nodesOf(foldNormalisation(graph)).map(({ operator: { name } }) => name);
    expect(names).toContain("BatchNormalization");
  });
});

describe("a network of 8 bits", () => {
  it("computes its convolutions with whole numbers, its last layer and detector as before, and answers alike", async () => {
    const graph = network();
    const quantised = await quantise(graph, feeds.slice(0, 1), engine);
    expect(typesOf(quantised)).toEqual(typesOf(graph));
    expect(typesRead(quantised)).toMatchObject({
      "deep.weight": "int8",
      "point.weight": "int8",
      "head.weight": "float32",
      bank: "float32",
    });
    const [wanted, found] = [await outputsOf(graph), await outputsOf(quantised)];
    for (const name of ["logits", "features", "score"]) {
      const largest = Math.max(...(wanted[name] ? toNumbers(wanted[name]) : []).map(Math.abs));
      const difference = largestDifference(found[name], wanted[name]);
      expect(difference).toBeGreaterThan(0);
      expect(difference / largest, name).toBeLessThan(0.05);
    }
  });

  it("has no two neighbouring weights whose products overrun 16 bits", async () => {
    const quantised = await quantise(network(), feeds.slice(0, 1), engine);
    const weights = quantised.constants.filter(({ dtype, rank }) => dtype === "int8" && rank === 4);
    expect(weights).toHaveLength(2); // the first layer keeps 32 bits
    for (const { constant } of weights) {
      const [channels = 1, inputs = 1, rows = 1, columns = 1] = constant?.shape ?? [];
      if (inputs === 1) continue; // computed place by place
      const values = constant ? toNumbers(constant) : [];
      const [each, places] = [inputs * rows * columns, rows * columns];
      for (let channel = 0; channel < channels; channel++) {
        const own = values.slice(channel * each, (channel + 1) * each);
        const last = own.map((_, k) => own[(k % inputs) * places + Math.floor(k / inputs)] ?? 0);
        for (const order of [own, last])
          for (let k = 0; k + 1 < each; k += 2)
            expect(255 * Math.abs((order[k] ?? 0) + (order[k + 1] ?? 0))).toBeLessThanOrEqual(32767);
      }
    }
  });

  it("is refused without pictures, and where there is nothing to compute so", async () => {
    await expect(quantise(network(), [], engine)).rejects.toMatchObject({ code: "OAL-E272" });
    const graph = new Graph();
    const x = graph.input("images", { dtype: "float32", shape: ["batch", 2] });
    graph.output("logits", gemm(x, graph.constant(float32Tensor([2, 2], [1, 0, 0, 1]))));
    const only = [{ images: float32Tensor([1, 2], [1, 1]) }];
    await expect(quantise(graph, only, engine)).rejects.toMatchObject({ code: "OAL-E274" });
    // convolutions of few channels are no quicker with 8 bits, and the error says so
    const narrow = new Graph();
    const pictures = narrow.input("images", { dtype: "float32", shape: ["batch", 3, 4, 4] });
    const ones = (shape: number[]): Value =>
      narrow.constant(
        float32Tensor(shape, new Float32Array(shape.reduce((all, side) => all * side, 1)).fill(1)),
      );
    const map = relu(conv2d(relu(conv2d(pictures, ones([4, 3, 1, 1]))), ones([4, 4, 1, 1])));
    narrow.output("logits", gemm(globalAveragePool(map), ones([4, 2])));
    const grey = [{ images: float32Tensor([1, 3, 4, 4], new Float32Array(48).fill(1)) }];
    await expect(quantise(narrow, grey, engine)).rejects.toThrow(
      /no convolution of five input channels or more/,
    );
  });
});
