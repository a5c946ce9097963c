/** Models as different exporters write them: each is understood, computed as before, and differentiated where it is of floats. */
import {
  evaluateReference,
  float32Tensor,
  gradients,
  readModel,
  reduceSum,
  toNumbers,
  uint8Tensor,
  verifyGraph,
  writeModel,
  type ReadModel,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { runOnce, testEngine } from "../../packages/oal/src/testing/engine.js";
import { onnxFile, type FileGraph, type FileTensor } from "../onnxFile.js";

type Results = Record<string, Tensor>;

async function run(model: Uint8Array, feeds: Results): Promise<Results> {
  const session = await testEngine.open(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

const wave = (count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(step * i));
const weight = (...dims: readonly number[]): FileTensor => ({
  dims,
  values: wave(
    dims.reduce((a, b) => a * b, 1),
    0.7,
  ),
});
const numbers = (...values: readonly number[]): FileTensor => ({ dims: [values.length], values });
const list = (...values: readonly number[]): FileTensor => ({ dims: [values.length], values, isInt64: true });
const image = (...shape: readonly number[]): Tensor =>
  float32Tensor(
    shape,
    wave(
      shape.reduce((a, b) => a * b, 1),
      1.3,
    ),
  );

const expectSame = (got: Results, want: Results): void => {
  for (const [name, tensor] of Object.entries(want)) {
    expect(got[name]?.shape).toEqual(tensor.shape);
    expect(got[name] && toNumbers(got[name])).toEqual(toNumbers(tensor).map((x) => expect.closeTo(x, 4)));
  }
};

function valueOf({ values }: ReadModel, name: string): Value {
  const value = values.get(name);
  if (!value) throw new Error(`no value ${name}`);
  return value;
}

/** The gradient of the sum of a value by another, and by central differences of single elements. */
async function expectGradient(model: ReadModel, of: string, by: string, feeds: Results): Promise<void> {
  const [target, source] = [valueOf(model, of), valueOf(model, by)];
  const [slope] = gradients(reduceSum(target), [source]);
  if (!slope) throw new Error("no gradient");
  model.graph.output("slope", slope);
  const results = await runOnce(model.graph, feeds);
  expectSame(results, { slope: evaluateReference(model.graph, feeds)["slope"] ?? float32Tensor([0], []) });
  expect(results["slope"] && toNumbers(results["slope"]).some((x) => x !== 0)).toBe(true);
}

interface Export {
  readonly opset: number;
  readonly graph: FileGraph;
  readonly feeds: Results;
  /** Names of the value to differentiate and of the value by which. */
  readonly slope: readonly [string, string];
}

const exports: Readonly<Record<string, Export>> = {
  "Keras through tf2onnx: channels last, bytes in, scaled inside": {
    opset: 13,
    feeds: {
      "input_1:0": uint8Tensor(
        [2, 6, 6, 3],
        Uint8Array.from({ length: 216 }, (_, i) => (i * 37) % 256),
      ),
    },
    slope: ["scores:0", "sequential/dense/kernel"],
    graph: {
      inputs: { "input_1:0": { dims: ["unk__7", 6, 6, 3], code: 2 } },
      outputs: { "scores:0": { dims: ["unk__8", 4] } },
      initialisers: {
        scale: { dims: [], values: [127.5] },
        one: { dims: [], values: [1] },
        kernel: weight(5, 3, 3, 3),
        "sequential/dense/kernel": weight(5, 4),
        axes: list(1, 2),
        shape: list(-1, 5),
      },
      nodes: [
        ["Cast", ["input_1:0"], ["f"], { to: 1 }],
        ["Div", ["f", "scale"], ["d"]],
        ["Sub", ["d", "one"], ["s"]],
        ["Transpose", ["s"], ["nchw"], { perm: [0, 3, 1, 2] }],
        [
          "Conv",
          ["nchw", "kernel"],
          ["c"],
          { auto_pad: "SAME_UPPER", strides: [2, 2], kernel_shape: [3, 3] },
        ],
        ["Relu", ["c"], ["r"]],
        ["Transpose", ["r"], ["nhwc"], { perm: [0, 2, 3, 1] }],
        ["ReduceMean", ["nhwc"], ["gap"], { axes: [1, 2], keepdims: 1 }],
        ["Reshape", ["gap", "shape"], ["flat"]],
        ["MatMul", ["flat", "sequential/dense/kernel"], ["scores:0"]],
      ],
    },
  },
  "Caffe2 and MXNet of 2018: weights listed as inputs, forms of opset 7": {
    opset: 7,
    feeds: { data: image(1, 3, 8, 8) },
    slope: ["fc", "data"],
    graph: {
      inputs: {
        data: { dims: [1, 3, 8, 8] },
        conv_w: { dims: [4, 3, 3, 3] },
        conv_b: { dims: [4] },
        fc_w: { dims: [5, 16] },
        shape: { dims: [2], code: 7 },
      },
      outputs: { softmax_1: { dims: [1, 5] } },
      initialisers: {
        conv_w: weight(4, 3, 3, 3),
        conv_b: weight(4),
        bn_s: numbers(1, 2, 0.5, 1),
        bn_b: weight(4),
        bn_m: weight(4),
        bn_v: numbers(1, 0.5, 2, 1),
        fc_w: weight(5, 16),
        fc_b: weight(5),
        shape: list(0, -1),
      },
      nodes: [
        [
          "Conv",
          ["data", "conv_w", "conv_b"],
          ["c"],
          { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
        ],
        [
          "BatchNormalization",
          ["c", "bn_s", "bn_b", "bn_m", "bn_v"],
          ["n"],
          { spatial: 1, momentum: { f: 0.9 } },
        ],
        ["Relu", ["n"], ["r"]],
        ["LRN", ["r"], ["l"], { size: 3 }],
        ["MaxPool", ["l"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }],
        ["Dropout", ["p"], ["d", "mask"], { ratio: { f: 0.5 } }],
        ["Reshape", ["d", "shape"], ["flat"]],
        ["Gemm", ["flat", "fc_w", "fc_b"], ["fc"], { transB: 1 }],
        ["Softmax", ["fc"], ["softmax_1"], { axis: 1 }],
      ],
    },
  },
  "PyTorch's view(x.size(0), -1), with an open batch": {
    opset: 12,
    feeds: { x: image(3, 2, 4, 4) },
    slope: ["y", "w"],
    graph: {
      inputs: { x: { dims: ["batch", 2, 4, 4] } },
      outputs: { y: { dims: ["batch", 3] } },
      initialisers: { w: weight(3, 32), zero: { dims: [], values: [0], isInt64: true }, rest: list(-1) },
      nodes: [
        ["Shape", ["x"], ["s"]],
        ["Gather", ["s", "zero"], ["n"], { axis: 0 }],
        ["Unsqueeze", ["n"], ["n1"], { axes: [0] }],
        ["Concat", ["n1", "rest"], ["to"], { axis: 0 }],
        ["Reshape", ["x", "to"], ["flat"]],
        ["Gemm", ["flat", "w"], ["y"], { transB: 1 }],
      ],
    },
  },
  "no batch axis": {
    opset: 17,
    feeds: { pixels: image(3, 6, 6) },
    slope: ["y", "pixels"],
    graph: {
      inputs: { pixels: { dims: [3, 6, 6] } },
      outputs: { y: { dims: [4] } },
      initialisers: { axis: list(0), k: weight(4, 3, 3, 3) },
      nodes: [
        ["Unsqueeze", ["pixels", "axis"], ["x"]],
        ["Conv", ["x", "k"], ["c"]],
        ["GlobalMaxPool", ["c"], ["g"]],
        ["Squeeze", ["g"], ["y"]],
      ],
    },
  },
  "weights of 8 bits behind DequantizeLinear, activations through QuantizeLinear (QDQ)": {
    opset: 17,
    feeds: { x: image(2, 2, 5, 5) },
    slope: ["y", "x"],
    graph: {
      inputs: { x: { dims: ["N", 2, 5, 5] } },
      outputs: { y: { dims: ["N", 3, 3, 3] } },
      initialisers: {
        scale: { dims: [], values: [0.05] },
        zero: { dims: [], values: [120], code: 2 },
        kernel: {
          dims: [3, 2, 3, 3],
          values: Array.from({ length: 54 }, (_, i) => ((i * 53) % 255) - 127),
          code: 3,
        },
        scales: numbers(0.01, 0.02, 0.015),
      },
      nodes: [
        ["QuantizeLinear", ["x", "scale", "zero"], ["q"]],
        ["DequantizeLinear", ["q", "scale", "zero"], ["xq"]],
        ["DequantizeLinear", ["kernel", "scales"], ["w"], { axis: 0 }],
        ["Conv", ["xq", "w"], ["y"]],
      ],
    },
  },
  "nodes out of order, without names, an output that is an input": {
    opset: 14,
    feeds: { x: image(2, 3) },
    slope: ["y", "x"],
    graph: {
      inputs: { x: { dims: ["N", 3] } },
      outputs: { y: { dims: ["N", 3] }, x: { dims: ["N", 3] } },
      nodes: [
        ["HardSwish", ["mid"], ["y"]],
        ["Elu", ["x"], ["mid"]],
      ],
    },
  },
};

describe.each(Object.entries(exports))("%s", (_, { opset, graph, feeds, slope }) => {
  const bytes = onnxFile(graph, { "": opset });

  it("is understood and computes what it computed", async () => {
    const model = readModel(bytes);
    expect(model.opaque.map(({ reason }) => reason)).toEqual([]);
    verifyGraph(model.graph);
    const before = await run(bytes, feeds);
    expectSame(await run(writeModel(model.graph), feeds), before);
  });

  it("is differentiated", async () => {
    const sizes = Object.fromEntries(
      Object.entries(feeds).flatMap(([name, { shape }]) =>
        (graph.inputs?.[name]?.dims ?? []).flatMap((size, axis): [string, number][] =>
          typeof size === "string" ? [[size, shape[axis] ?? 0]] : [],
        ),
      ),
    );
    await expectGradient(readModel(bytes, { sizes }), ...slope, feeds);
  });
});

describe("floats of 16 bits", () => {
  const halves = (...values: readonly number[]): FileTensor => ({ dims: [values.length], values, code: 10 });
  /** y = relu(x) * w in float16. */
  const bytes = onnxFile(
    {
      inputs: { x: { dims: ["N", 2], code: 10 } },
      outputs: { y: { dims: ["N", 2], code: 10 } },
      initialisers: { w: halves(0x3e00, 0xc000) },
      nodes: [
        ["Relu", ["x"], ["r"]],
        ["Mul", ["r", "w"], ["y"]],
      ],
    },
    { "": 15 },
  );

  it("are read as float32 where that is asked for, and differentiated", async () => {
    const model = readModel(bytes, { halfPrecision: "widen", sizes: { N: 1 } });
    expect(model.opaque).toEqual([]);
    expect(valueOf(model, "w").constant).toEqual(float32Tensor([2], [1.5, -2]));
    await expectGradient(model, "y", "x", { x: float32Tensor([1, 2], [3, 1]) });
  });

  it("carry no gradient in silence where they are kept", () => {
    const cast = onnxFile(
      {
        inputs: { x: { dims: [2] } },
        outputs: { y: { dims: [2] } },
        nodes: [
          ["Cast", ["x"], ["h"], { to: 10 }],
          ["Relu", ["h"], ["r"]],
          ["Cast", ["r"], ["y"], { to: 1 }],
        ],
        values: { r: { dims: [2], code: 10 } },
      },
      { "": 15 },
    );
    const model = readModel(cast);
    expect(() => gradients(reduceSum(valueOf(model, "y")), [valueOf(model, "x")])).toThrowError(
      expect.objectContaining({ code: "OAL-G103" }),
    );
  });
});

describe("gradients through 8 bits", () => {
  const file = (operator: string): Uint8Array =>
    onnxFile(
      {
        inputs: { x: { dims: [2, 2] } },
        outputs: { y: { dims: [2, 2] } },
        initialisers: { scale: { dims: [], values: [0.5] }, zero: { dims: [], values: [128], code: 2 } },
        nodes: [
          ["QuantizeLinear", ["x", "scale", "zero"], ["q"]],
          [operator, ["q"], ["t"]],
          ["DequantizeLinear", ["t", "scale", "zero"], ["y"]],
        ],
        values: { t: { dims: [2, 2], code: 2 } },
      },
      { "": 17 },
    );

  it("pass straight where nothing is cut off, also when the whole numbers are moved", async () => {
    const model = readModel(file("Transpose"));
    const [slope] = gradients(reduceSum(valueOf(model, "y")), [valueOf(model, "x")]);
    if (!slope) throw new Error("no gradient");
    model.graph.output("slope", slope);
    const results = await runOnce(model.graph, { x: float32Tensor([2, 2], [0.3, -1, 100, -100]) });
    expect(results["slope"] && toNumbers(results["slope"])).toEqual([1, 1, 0, 0]);
  });

  it("stop with an error at what they cannot pass", () => {
    const model = readModel(file("BitwiseNot"));
    expect(() => gradients(reduceSum(valueOf(model, "y")), [valueOf(model, "x")])).toThrowError(
      expect.objectContaining({ code: "OAL-G103" }),
    );
  });
});

it("automatic padding of dilated windows, which the engine does not know, is written as numbers", async () => {
  const graph = (attributes: Readonly<Record<string, number | string | readonly number[]>>): Uint8Array =>
    onnxFile(
      {
        inputs: { x: { dims: [1, 1, 7, 6] } },
        outputs: { y: null },
        initialisers: { k: weight(1, 1, 3, 2) },
        nodes: [["Conv", ["x", "k"], ["y"], { strides: [2, 1], dilations: [2, 3], ...attributes }]],
      },
      { "": 13 },
    );
  const x = image(1, 1, 7, 6);
  const same = readModel(graph({ auto_pad: "SAME_UPPER" }));
  expect(same.opaque).toEqual([]);
  // 4 windows reach from row 0 - 2 to row 6 + 2; 6 windows of span 4 from column 0 - 1 to column 5 + 2.
  const told = await run(graph({ pads: [2, 1, 2, 2] }), { x });
  expectSame(await run(writeModel(same.graph), { x }), told);
});

it("a BatchNormalization of before opset 14 with more outputs than one takes the statistics of the batch", async () => {
  const bytes = onnxFile(
    {
      inputs: { x: { dims: [2, 2] } },
      outputs: { y: { dims: [2, 2] } },
      initialisers: { s: numbers(1, 1), b: numbers(0, 0), m: numbers(5, 5), v: numbers(9, 9) },
      nodes: [["BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "m2", "v2", "sm", "sv"]]],
    },
    { "": 9 },
  );
  const x = float32Tensor([2, 2], [1, 2, 3, 6]);
  const { graph, opaque } = readModel(bytes);
  expect(opaque).toEqual([]);
  const before = await run(bytes, { x });
  expect(before["y"] && toNumbers(before["y"])[0]).toBeCloseTo(-1, 3);
  expectSame(await run(writeModel(graph), { x }), before);
});

it("Dropout is read as nothing also in training, and its share is told", () => {
  const bytes = onnxFile(
    {
      inputs: { x: { dims: ["N", 4] } },
      outputs: { y: { dims: ["N", 4] } },
      initialisers: { share: { dims: [], values: [0.25] }, training: { dims: [], values: [1], code: 9 } },
      nodes: [["Dropout", ["x", "share", "training"], ["y"]]],
    },
    { "": 13 },
  );
  const { graph, opaque, dropouts } = readModel(bytes);
  expect(opaque).toEqual([]);
  expect(dropouts.map(({ value, ratio }) => [value.dims, ratio])).toEqual([[["N", 4], 0.25]]);
  const x = float32Tensor([1, 4], [1, 2, 3, 4]);
  expect(evaluateReference(graph, { x })["y"]).toEqual(x);
});

describe("a node that oal does not compute with", () => {
  /** Weights and activations of 8 bits as dynamic quantisation writes them, an activation behind. */
  const dynamic = onnxFile(
    {
      inputs: { x: { dims: ["N", 4] } },
      outputs: { y: { dims: ["N", 3] } },
      initialisers: {
        w: { dims: [4, 3], values: [1, -2, 3, 4, 5, -6, 7, 8, 9, -10, 11, 12], code: 3 },
        wz: { dims: [], values: [0], code: 3 },
        ws: { dims: [], values: [0.1] },
      },
      nodes: [
        ["DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]],
        ["MatMulInteger", ["q", "w", "zero", "wz"], ["i"]],
        ["Cast", ["i"], ["f"], { to: 1 }],
        ["Mul", ["scale", "ws"], ["s"]],
        ["Mul", ["f", "s"], ["m"]],
        ["QuickGelu", ["m"], ["g"], {}, "com.microsoft"],
        ["Relu", ["g"], ["y"]],
      ],
    },
    { "": 17, "com.microsoft": 1 },
  );

  it("gives what stands behind it a type where that follows from its inputs", async () => {
    const { graph, opaque } = readModel(dynamic);
    expect(opaque.map(({ node }) => node.operator.name)).toEqual([
      "DynamicQuantizeLinear",
      "MatMulInteger",
      "QuickGelu",
    ]);
    expect(graph.outputs.get("y")?.dims).toEqual(["N", 3]);
    const x = image(2, 4);
    expectSame(await run(writeModel(graph), { x }), await run(dynamic, { x }));
  });

  it("ends a derivative with an error, also where whole numbers come out of it", () => {
    const model = readModel(dynamic, { sizes: { N: 2 } });
    expect(() => gradients(reduceSum(valueOf(model, "y")), [valueOf(model, "x")])).toThrowError(
      expect.objectContaining({ code: "OAL-G103", message: expect.stringContaining("QuickGelu") }),
    );
    expect(() => gradients(reduceSum(valueOf(model, "m")), [valueOf(model, "x")])).toThrowError(
      expect.objectContaining({ code: "OAL-G103" }),
    );
    const whole = readModel(
      onnxFile(
        {
          inputs: { x: { dims: [2, 2] } },
          outputs: { y: { dims: [2, 2] } },
          initialisers: { step: { dims: [], values: [0.1] } },
          nodes: [
            ["DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]],
            ["DequantizeLinear", ["q", "step"], ["y"]],
          ],
        },
        { "": 17 },
      ),
    );
    expect(() => gradients(reduceSum(valueOf(whole, "y")), [valueOf(whole, "x")])).toThrowError(
      expect.objectContaining({ code: "OAL-G103" }),
    );
  });
});

it("a vision transformer of Optimum, all four axes of whose input are open, is understood", async () => {
  const bytes = onnxFile(
    {
      inputs: { pixel_values: { dims: ["batch_size", "num_channels", "height", "width"] } },
      outputs: { logits: { dims: ["batch_size", 3] } },
      initialisers: {
        patches: weight(8, 3, 4, 4),
        cls: weight(1, 1, 8),
        positions: weight(1, 5, 8),
        head: weight(8, 3),
        zero: { dims: [], values: [0], isInt64: true },
        ones: list(-1, -1),
        first: { dims: [], values: [0], isInt64: true },
        flat: list(8, -1),
        front: list(0),
      },
      nodes: [
        ["Shape", ["pixel_values"], ["s"]],
        ["Gather", ["s", "zero"], ["n"], { axis: 0 }],
        ["Conv", ["pixel_values", "patches"], ["c"], { kernel_shape: [4, 4], strides: [4, 4] }],
        ["Shape", ["c"], ["cs"]],
        ["Slice", ["cs", "front", "two"], ["lead"]],
        ["Concat", ["lead", "minus"], ["to"], { axis: 0 }],
        ["Reshape", ["c", "to"], ["r"]],
        ["Transpose", ["r"], ["t"], { perm: [0, 2, 1] }],
        ["Unsqueeze", ["n", "front"], ["n1"]],
        ["Concat", ["n1", "ones"], ["many"], { axis: 0 }],
        [
          "ConstantOfShape",
          ["three"],
          ["filled"],
          { value: { tensor: { dims: [1], values: [1], isInt64: true } } },
        ],
        ["Mul", ["filled", "minus"], ["negative"]],
        ["Equal", ["many", "negative"], ["isOpen"]],
        ["Where", ["isOpen", "filled", "many"], ["stretch"]],
        ["Expand", ["cls", "stretch"], ["token"]],
        ["Concat", ["token", "t"], ["tokens"], { axis: 1 }],
        ["Add", ["tokens", "positions"], ["e"]],
        ["Gather", ["e", "first"], ["f"], { axis: 1 }],
        ["MatMul", ["f", "head"], ["logits"]],
        ["Constant", [], ["two"], { value_ints: [2] }],
        ["Constant", [], ["three"], { value_ints: [3] }],
        ["Constant", [], ["minus"], { value_ints: [-1] }],
      ],
    },
    { "": 13 },
  );
  const { graph, opaque } = readModel(bytes);
  expect(opaque.map(({ node, reason }) => `${node.operator.name}: ${reason}`)).toEqual([]);
  expect(graph.outputs.get("logits")?.dims).toEqual(["batch_size", 3]);
  // Nothing of the arithmetic is left but what the batch needs.
  expect(graph.nodes.map(({ operator }) => operator.name).filter((name) => name === "Equal")).toEqual([]);
  const x = image(2, 3, 8, 8);
  expectSame(await run(writeModel(graph), { pixel_values: x }), await run(bytes, { pixel_values: x }));
});
