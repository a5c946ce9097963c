/**
 * Classifiers of strangers, as many exporters shape them: their class scores, features and last layer are found, and computed they are
 * what the file computes. What is no classifier is refused by a sentence that says what it is.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError, type ModelFacts } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { checkTaps } from "../../packages/oal/src/models/checkTaps.js";
import { loadModelFile, type LoadModelOptions } from "../../packages/oal/src/models/load.js";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { onnxFile, type FileGraph, type FileNode, type FileTensor, type FileType } from "../onnxFile.js";

const folder = mkdtempSync(join(tmpdir(), "oal-foreign-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tensor of numbers that follow no rule. */
function weights(dims: readonly number[], seed = 1): FileTensor {
  const count = dims.reduce((all, size) => all * size, 1);
  return { dims, values: Array.from({ length: count }, (_, i) => Math.sin(seed + 7.3 * i * (1 + 0.01 * i))) };
}
const whole = (values: readonly number[]): FileTensor => ({ dims: [values.length], values, isInt64: true });
const scalar = (value: number): FileTensor => ({ dims: [], values: [value] });

/** Pictures to maps of 6 channels: convolution and Relu. */
const stem = (input: string): FileNode[] => [
  ["Conv", [input, "stem.weight", "stem.bias"], ["/stem"], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }],
  ["Relu", ["/stem"], ["/maps"]],
];
const stemWeights = { "stem.weight": weights([6, 3, 3, 3]), "stem.bias": weights([6], 2) };
const nchw = { dims: ["N", 3, 8, 8] };

interface FileParts extends Omit<FileGraph, "inputs" | "outputs"> {
  readonly inputs?: Readonly<Record<string, FileType>>;
  readonly outputs: Readonly<Record<string, FileType | null>>;
}

function write(name: string, graph: FileParts, opset = 17): string {
  const path = join(folder, `${name.replaceAll(/[^\w]+/g, "-")}.onnx`);
  const whole = { inputs: { x: nchw }, ...graph, initialisers: { ...stemWeights, ...graph.initialisers } };
  writeFileSync(path, onnxFile(whole, { "": opset }));
  return path;
}

/** Loads a file and runs it: the classifier, the last layer on the features, one picture alone, the file as it stands. */
async function understood(
  name: string,
  graph: FileParts,
  options: LoadModelOptions = {},
): Promise<ModelFacts> {
  const model = await loadModelFile(write(name, graph), {
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    ...options,
  });
  const check = await checkTaps(model, testEngine);
  expect(check.head !== null).toBe(model.facts.head !== null);
  return model.facts;
}

const pooled: FileNode[] = [
  ...stem("x"),
  ["GlobalAveragePool", ["/maps"], ["/pool"]],
  ["Flatten", ["/pool"], ["/flat"], { axis: 1 }],
];
const gemm: FileNode = ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["/fc"], { transB: 1 }];
const fc = { "fc.weight": weights([4, 6], 3), "fc.bias": weights([4], 4) };
const scores = { dims: ["N", 4] };

describe("a classifier as PyTorch exports it", () => {
  it("has a Gemm for its last layer", async () => {
    const facts = await understood("gemm", {
      nodes: [...pooled, ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }]],
      outputs: { y: scores },
      initialisers: fc,
    });
    expect(facts).toMatchObject({
      input: { name: "x", layout: "nchw", dtype: "float32", channels: 3, height: 8, width: 8, batch: null },
      logits: { value: "y", output: "y", classes: 4, activation: null },
      features: { value: "/flat", width: 6 },
      head: { operator: "Gemm", weight: "fc.weight", bias: "fc.bias", transposed: false },
      maps: [{ name: "stage1", value: "/maps", channels: 6, height: 8, width: 8 }],
      pooling: "means over the pixels",
      parameters: 168 + 28,
    });
  });

  it("has a 1x1 convolution behind the means, or before them", async () => {
    const behind = await understood("conv head", {
      nodes: [
        ...pooled.slice(0, 3),
        ["Conv", ["/pool", "head.weight", "fc.bias"], ["/head"]],
        ["Flatten", ["/head"], ["y"]],
      ],
      outputs: { y: scores },
      initialisers: { "head.weight": weights([4, 6, 1, 1], 3), "fc.bias": weights([4], 4) },
    });
    expect(behind).toMatchObject({ features: { value: "/pool", width: 6 }, head: { operator: "Conv" } });
    const before = await understood("conv before pool", {
      nodes: [
        ...pooled.slice(0, 2),
        ["Conv", ["/maps", "head.weight", "fc.bias"], ["/head"]],
        ["GlobalAveragePool", ["/head"], ["/mean"]],
        ["Squeeze", ["/mean", "axes"], ["y"]],
      ],
      outputs: { y: scores },
      initialisers: {
        "head.weight": weights([4, 6, 1, 1], 3),
        "fc.bias": weights([4], 4),
        axes: whole([2, 3]),
      },
    });
    expect(before).toMatchObject({ features: { value: "/maps", width: 6 }, head: { operator: "Conv" } });
  });

  it("has features but no linear last layer where a Relu stands before the means", async () => {
    const facts = await understood("squeeze", {
      nodes: [
        ...pooled.slice(0, 2),
        ["Conv", ["/maps", "head.weight", "fc.bias"], ["/head"]],
        ["Relu", ["/head"], ["/relu"]],
        ["GlobalAveragePool", ["/relu"], ["/mean"]],
        ["Flatten", ["/mean"], ["/flat"]],
        ["Softmax", ["/flat"], ["y"], { axis: 1 }],
      ],
      outputs: { y: scores },
      initialisers: { "head.weight": weights([4, 6, 1, 1], 3), "fc.bias": weights([4], 4) },
    });
    expect(facts).toMatchObject({
      logits: { value: "/flat", activation: "softmax", probabilities: true },
      features: { value: "/maps", width: 6 },
      head: null,
    });
  });

  it("has a convolution as large as the map for its first dense layer", async () => {
    const facts = await understood("whole conv", {
      nodes: [
        ...pooled.slice(0, 2),
        ["Conv", ["/maps", "head.weight", "fc.bias"], ["/head"]],
        ["Reshape", ["/head", "shape"], ["y"]],
      ],
      outputs: { y: scores },
      initialisers: {
        "head.weight": weights([4, 6, 8, 8], 3),
        "fc.bias": weights([4], 4),
        shape: whole([-1, 4]),
      },
    });
    expect(facts).toMatchObject({ features: { value: "/maps", width: 384 }, head: { operator: "Conv" } });
  });
});

describe("what stands behind the last layer", () => {
  it("is a softmax, a sigmoid, a temperature, or written out", async () => {
    const ends: Record<string, FileNode[]> = {
      softmax: [["Softmax", ["/fc"], ["y"], { axis: -1 }]],
      "log softmax": [["LogSoftmax", ["/fc"], ["y"], { axis: 1 }]],
      sigmoid: [["Sigmoid", ["/fc"], ["y"]]],
      "written out": [
        ["ReduceMax", ["/fc"], ["/max"], { axes: [1], keepdims: 1 }],
        ["Sub", ["/fc", "/max"], ["/centred"]],
        ["Exp", ["/centred"], ["/exp"]],
        ["ReduceSum", ["/exp", "axes"], ["/sum"], { keepdims: 1 }],
        ["Div", ["/exp", "/sum"], ["y"]],
      ],
    };
    for (const [name, end] of Object.entries(ends)) {
      const facts = await understood(name, {
        nodes: [...pooled, gemm, ...end],
        outputs: { y: scores },
        initialisers: { ...fc, axes: whole([1]) },
      });
      expect(facts.logits, name).toMatchObject({
        value: "/fc",
        output: "y",
        activation: name === "sigmoid" ? name : "softmax",
        probabilities: true,
      });
      expect(facts.head, name).not.toBeNull();
    }
    const scaled = await understood("temperature", {
      nodes: [
        ...pooled,
        ["MatMul", ["/flat", "kernel"], ["/product"]],
        ["Add", ["fc.bias", "/product"], ["/biased"]],
        ["Div", ["/biased", "temperature"], ["/scaled"]],
        ["Sub", ["/scaled", "one"], ["y"]],
      ],
      outputs: { y: scores },
      initialisers: {
        kernel: weights([6, 4], 3),
        "fc.bias": weights([4], 4),
        temperature: scalar(2.5),
        one: { dims: [1, 1], values: [1] },
      },
    });
    expect(scaled).toMatchObject({ logits: { value: "y" }, head: { operator: "MatMul", transposed: true } });
  });

  it("is only the label, of which the scores stand before", async () => {
    const facts = await understood("label", {
      nodes: [
        ...pooled,
        gemm,
        ["Softmax", ["/fc"], ["/p"], { axis: 1 }],
        ["ArgMax", ["/p"], ["y"], { axis: 1 }],
      ],
      outputs: { y: { dims: ["N", 1], code: 7 } },
      initialisers: fc,
    });
    expect(facts.logits).toMatchObject({ value: "/fc", output: "y", classes: 4 });
  });

  it("is a mean of two layers, or another function of them: then there are class scores only, and it is said", async () => {
    const facts = await understood("two heads", {
      nodes: [
        ...pooled,
        gemm,
        ["Gemm", ["/flat", "second.weight"], ["/second"], { transB: 1 }],
        ["Add", ["/fc", "/second"], ["/sum"]],
        ["Div", ["/sum", "two"], ["y"]],
      ],
      outputs: { y: scores },
      initialisers: { ...fc, "second.weight": weights([4, 6], 9), two: scalar(2) },
    });
    expect(facts).toMatchObject({ logits: { value: "y", classes: 4 }, features: null, head: null });
    expect(facts.evidence.join(" ")).toContain("Detectors of class scores only");
  });

  it("is one sigmoid for two classes", async () => {
    const facts = await understood("binary", {
      nodes: [
        ...pooled,
        [
          "Gemm",
          ["/flat", "fc.weight", "fc.bias"],
          ["/fc"],
          { transB: 1, alpha: { f: 0.5 }, beta: { f: 2 } },
        ],
        ["Sigmoid", ["/fc"], ["y"]],
      ],
      outputs: { y: { dims: ["N", 1] } },
      initialisers: { "fc.weight": weights([1, 6], 3), "fc.bias": weights([1], 4) },
    });
    expect(facts).toMatchObject({ logits: { classes: 2, activation: "sigmoid" }, features: { width: 6 } });
    expect(facts.head).not.toBeNull();
  });

  it("is one of several outputs: not the auxiliary one, not the features", async () => {
    const facts = await understood("auxiliary", {
      nodes: [
        ...stem("x"),
        ["GlobalAveragePool", ["/maps"], ["/early"]],
        ["Flatten", ["/early"], ["/earlyflat"]],
        ["Gemm", ["/earlyflat", "aux.weight"], ["aux_logits"], { transB: 1 }],
        ["Conv", ["/maps", "second"], ["/second"]],
        ["Relu", ["/second"], ["/late"]],
        ["GlobalAveragePool", ["/late"], ["/pool"]],
        ["Flatten", ["/pool"], ["embedding"]],
        ["Gemm", ["embedding", "fc.weight", "fc.bias"], ["main"], { transB: 1 }],
      ],
      outputs: { aux_logits: scores, embedding: { dims: ["N", 6] }, main: scores },
      initialisers: { ...fc, "aux.weight": weights([4, 6], 5), second: weights([6, 6, 1, 1], 6) },
    });
    expect(facts).toMatchObject({ logits: { output: "main" }, features: { value: "embedding", width: 6 } });
  });
});

describe("a classifier as TensorFlow's converters write it", () => {
  const nhwc: FileNode[] = [
    ["Transpose", ["x"], ["x/nchw"], { perm: [0, 3, 1, 2] }],
    ...stem("x/nchw"),
    ["Transpose", ["/maps"], ["maps/nhwc"], { perm: [0, 2, 3, 1] }],
    ["ReduceMean", ["maps/nhwc"], ["gap"], { axes: [1, 2], keepdims: 0 }],
    ["MatMul", ["gap", "dense/kernel"], ["dense/MatMul"]],
    ["Add", ["dense/MatMul", "dense/bias"], ["dense/BiasAdd:0"]],
    ["Softmax", ["dense/BiasAdd:0"], ["Identity:0"], { axis: -1 }],
  ];
  const dense = { "dense/kernel": weights([6, 4], 3), "dense/bias": weights([4], 4) };

  it("takes pictures with the colours last, and has its kernel the other way round", async () => {
    const facts = await understood("nhwc", {
      nodes: nhwc,
      inputs: { x: { dims: ["unk__1", 8, 8, 3] } },
      outputs: { "Identity:0": { dims: ["unk__2", 4] } },
      initialisers: dense,
    });
    expect(facts).toMatchObject({
      input: { layout: "nhwc", batch: null },
      logits: { value: "dense/BiasAdd:0", output: "Identity:0" },
      features: { value: "gap", width: 6 },
      head: { operator: "MatMul", weight: "dense/kernel", bias: null, transposed: true },
      pooling: "means over the pixels",
    });
  });

  it("takes 8-bit pictures, and does the arithmetic itself", async () => {
    const inside: FileNode[] = [
      ["Cast", ["bytes"], ["float"], { to: 1 }],
      ["Div", ["float", "half"], ["scaled"]],
      ["Sub", ["scaled", "one"], ["x"]],
      ...nhwc,
    ];
    const model = await loadModelFile(
      write("uint8", {
        nodes: inside,
        inputs: { bytes: { dims: ["N", 8, 8, 3], code: 2 } },
        outputs: { "Identity:0": { dims: ["N", 4] } },
        initialisers: { ...dense, half: scalar(127.5), one: scalar(1) },
      }),
    );
    await checkTaps(model, testEngine);
    expect(model.facts).toMatchObject({
      input: { dtype: "uint8", layout: "nhwc" },
      preprocessingInside: { scale: [1 / 127.5], shift: [-1] },
    });
    expect(model.normalisation).toMatchObject({ name: "0..255", source: "the file" });
    const float = await loadModelFile(
      write("0 to 255", {
        nodes: inside,
        inputs: { bytes: { dims: ["N", 8, 8, 3] } },
        outputs: { "Identity:0": { dims: ["N", 4] } },
        initialisers: { ...dense, half: scalar(127.5), one: scalar(1) },
      }),
    );
    expect(float.normalisation).toMatchObject({ name: "0..255", source: "the file" });
  });
});

describe("a file for a fixed number of pictures", () => {
  const one = { dims: [1, 3, 8, 8] };

  it("takes any number here, although its shapes name it", async () => {
    const facts = await understood("batch 1", {
      nodes: [
        ...pooled.slice(0, 3),
        ["Reshape", ["/pool", "shape"], ["/flat"]],
        ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }],
      ],
      inputs: { x: one },
      outputs: { y: { dims: [1, 4] } },
      initialisers: { ...fc, shape: whole([1, -1]) },
    });
    expect(facts).toMatchObject({ input: { batch: 1 }, features: { width: 6 } });
  });

  it("may be a transformer with one class token, and attention with the batch among the heads", async () => {
    const facts = await understood("vit batch 1", {
      nodes: [
        ["Conv", ["x", "patch"], ["/patch"], { strides: [4, 4], kernel_shape: [4, 4] }],
        ["Reshape", ["/patch", "rows"], ["/rows"]],
        ["Transpose", ["/rows"], ["/tokens"], { perm: [0, 2, 1] }],
        ["Concat", ["cls", "/tokens"], ["/all"], { axis: 1 }],
        ["Add", ["/all", "position"], ["/placed"]],
        ["LayerNormalization", ["/placed", "scale", "shift"], ["/norm"], { axis: -1 }],
        // tokens first, then heads beside the batch, as torch.nn.MultiheadAttention does
        ["Transpose", ["/norm"], ["/first"], { perm: [1, 0, 2] }],
        ["Reshape", ["/first", "heads"], ["/split"]],
        ["Transpose", ["/split"], ["/q"], { perm: [1, 0, 2] }],
        ["Transpose", ["/split"], ["/k"], { perm: [1, 2, 0] }],
        ["MatMul", ["/q", "/k"], ["/qk"]],
        ["Softmax", ["/qk"], ["/weights"], { axis: -1 }],
        ["MatMul", ["/weights", "/q"], ["/mixed"]],
        ["Transpose", ["/mixed"], ["/back"], { perm: [1, 0, 2] }],
        ["Reshape", ["/back", "joined"], ["/joined"]],
        ["Transpose", ["/joined"], ["/out"], { perm: [1, 0, 2] }],
        ["Gather", ["/out", "zero"], ["/cls"], { axis: 1 }],
        ["Gemm", ["/cls", "fc.weight", "fc.bias"], ["y"], { transB: 1 }],
      ],
      inputs: { x: one },
      outputs: { y: { dims: [1, 4] } },
      initialisers: {
        patch: weights([6, 3, 4, 4], 5),
        rows: whole([1, 6, 4]),
        cls: weights([1, 1, 6], 6),
        position: weights([1, 5, 6], 7),
        scale: weights([6], 8),
        shift: weights([6], 9),
        heads: whole([5, 2, 3]),
        joined: whole([5, 1, 6]),
        zero: { dims: [], values: [0], isInt64: true },
        ...fc,
      },
    });
    expect(facts).toMatchObject({
      features: { value: "/cls", width: 6 },
      head: { operator: "Gemm" },
      pooling: "those of one token",
    });
  });

  it("may have no axis for it", async () => {
    const facts = await understood("no batch", {
      nodes: [
        ["Transpose", ["picture"], ["/chw"], { perm: [2, 0, 1] }],
        ["Mul", ["/chw", "two"], ["/scaled"]],
        ["Unsqueeze", ["/scaled", "front"], ["x"]],
        ...pooled,
        ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["/fc"], { transB: 1 }],
        ["Softmax", ["/fc"], ["/p"], { axis: 1 }],
        ["Squeeze", ["/p", "front"], ["y"]],
      ],
      inputs: { picture: { dims: [8, 8, 3] } },
      outputs: { y: { dims: [4] } },
      initialisers: { ...fc, two: scalar(2), front: whole([0]) },
    });
    expect(facts).toMatchObject({
      input: { batch: 0, layout: "nhwc" },
      logits: { value: "/fc", classes: 4 },
    });
  });

  it("is refused where a node holds the number fast", async () => {
    const file = write("held", {
      nodes: [
        ...pooled,
        ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["/fc"], { transB: 1 }],
        ["Add", ["/fc", "each"], ["y"]],
      ],
      inputs: { x: { dims: [2, 3, 8, 8] } },
      outputs: { y: { dims: [2, 4] } },
      initialisers: { ...fc, each: weights([2, 4]) },
    });
    const model = await loadModelFile(file);
    expect(() => model.classifier()).toThrowError(
      expect.objectContaining({
        code: "OAL-I153",
        message: expect.stringContaining("takes 2 pictures at a time"),
      }),
    );
  });
});

describe("sizes, colours and hints", () => {
  const open: FileParts = {
    nodes: [...pooled, ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }]],
    inputs: { x: { dims: ["N", "C", "H", "W"] } },
    outputs: { y: scores },
    initialisers: fc,
  };

  it("are chosen where a file leaves them open; the channels are those of the first convolution", async () => {
    const facts = await understood("open", open, { size: 12 });
    expect(facts.input).toMatchObject({ layout: "nchw", channels: 3, height: 12, width: 12 });
    const usual = await loadModelFile(write("open 224", open));
    expect(usual).toMatchObject({ isOfChosenSize: true, preprocessing: { crop: 224 } });
  });

  it("are found where every axis is open and the size is computed with, as Optimum exports", async () => {
    const facts = await understood(
      "optimum",
      {
        nodes: [
          ["Shape", ["x"], ["/shape"]],
          ["Gather", ["/shape", "zero"], ["/count"], { axis: 0 }],
          ["Unsqueeze", ["/count", "front"], ["/counts"]],
          ["Concat", ["/counts", "rest"], ["/target"], { axis: 0 }],
          ...pooled.slice(0, 3),
          ["Reshape", ["/pool", "/target"], ["/flat"]],
          ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }],
        ],
        inputs: { x: { dims: ["batch_size", "num_channels", "height", "width"] } },
        outputs: { y: { dims: ["batch_size", 4] } },
        initialisers: {
          ...fc,
          zero: { dims: [], values: [0], isInt64: true },
          front: whole([0]),
          rest: whole([-1]),
        },
      },
      { size: 8 },
    );
    expect(facts).toMatchObject({
      input: { channels: 3, height: 8 },
      features: { value: "/flat", width: 6 },
    });
    expect(facts.head).not.toBeNull();
  });

  it("are refused where they do not fit", async () => {
    const fixed = write("fixed", { ...open, inputs: { x: nchw } });
    await expect(loadModelFile(fixed, { size: 12 })).rejects.toThrow(
      "takes pictures of 8 x 8 pixels, not of 12",
    );
    const wide = write("wide", { ...open, inputs: { x: { dims: ["N", 3, 8, 10] } } });
    await expect(loadModelFile(wide)).rejects.toThrow("takes pictures of 8 x 10 pixels; oal gives squares");
  });

  it("may be grey: brightness is made of the colours", async () => {
    const facts = await understood("grey", {
      nodes: [...pooled, ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }]],
      inputs: { x: { dims: ["N", 1, 8, 8] } },
      outputs: { y: scores },
      initialisers: { ...fc, "stem.weight": weights([6, 1, 3, 3]) },
    });
    expect(facts.input.channels).toBe(1);
  });

  it("may be blue first", async () => {
    const order = { mean: [0.1, 0.2, 0.3], std: [1, 2, 3], order: "bgr" } as const;
    await understood("bgr", { ...open, inputs: { x: nchw } }, { normalisation: order });
  });

  it("are taken by name, and a name that is not there is told", async () => {
    const model = write("hints", {
      nodes: [...pooled, gemm, ["Gemm", ["/fc", "second"], ["y"]]],
      outputs: { y: { dims: ["N", 4] } },
      initialisers: { ...fc, second: weights([4, 4], 5) },
    });
    const found = await loadModelFile(model, { hints: { logits: "/fc", features: "/flat" } });
    expect(found.facts).toMatchObject({
      logits: { value: "/fc" },
      features: { value: "/flat" },
      head: { weight: "fc.weight" },
    });
    await checkTaps(found, testEngine);
    await expect(loadModelFile(model, { hints: { features: "/flut" } })).rejects.toThrow(
      'did you mean "/flat"?',
    );
    await expect(loadModelFile(model, { hints: { images: "z" } })).rejects.toThrow('no input "z"');
    await expect(loadModelFile(model, { hints: { classes: 9 } })).rejects.toThrow(
      "9 classes are asked for, but y has 4 classes",
    );
  });
});

describe("a quantised classifier", () => {
  it("has class scores before they are rounded, and a last layer of rounded weights", async () => {
    const rounded = (from: string, to: string): FileNode[] => [
      ["QuantizeLinear", [from, "scale"], [`${to}.q`]],
      ["DequantizeLinear", [`${to}.q`, "scale"], [to]],
    ];
    const facts = await understood("qdq", {
      nodes: [
        ...rounded("x", "/x"),
        ...stem("/x"),
        ["GlobalAveragePool", ["/maps"], ["/pool"]],
        ["Flatten", ["/pool"], ["/flat"]],
        ...rounded("/flat", "/rounded"),
        ...rounded("fc.weight", "/weight"),
        ["Gemm", ["/rounded", "/weight", "fc.bias"], ["/fc"], { transB: 1 }],
        ...rounded("/fc", "y"),
      ],
      outputs: { y: scores },
      initialisers: { scale: scalar(0.02), ...fc },
    });
    expect(facts).toMatchObject({
      logits: { value: "/fc", output: "y" },
      features: { value: "/rounded", width: 6 },
      head: { operator: "Gemm", weight: "/weight" },
    });
  });
});

describe("a feature extractor", () => {
  it("gives features and no classes", async () => {
    const facts = await understood("extractor", { nodes: pooled, outputs: { "/flat": { dims: ["N", 6] } } });
    expect(facts).toMatchObject({ logits: null, features: { value: "/flat", width: 6 }, head: null });
  });
});

describe("what is no classifier of pictures", () => {
  const head: FileNode[] = [...pooled, ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }]];
  const refused: Record<string, [FileParts, RegExp]> = {
    "boxes and scores": [
      {
        nodes: [...head, ["Identity", ["/flat"], ["boxes"]]],
        outputs: { boxes: { dims: ["N", 6] }, y: scores },
        initialisers: fc,
      },
      /is a detection model: it puts out boxes \(boxes \[N, 6\], y \[N, 4\]\)/,
    ],
    "rows of places": [
      {
        nodes: [["Reshape", ["x", "shape"], ["output0"]]],
        inputs: { x: { dims: ["N", 3, 64, 64] } },
        outputs: { output0: { dims: ["N", 6, 2048] } },
        initialisers: { shape: whole([0, 6, 2048]) },
      },
      /is a detection model: it puts out something of 2048 places a picture/,
    ],
    "maps of classes": [
      { nodes: stem("x"), outputs: { "/maps": { dims: ["N", 6, 8, 8] } } },
      /is a segmentation model or another that puts out maps/,
    ],
    pictures: [
      { nodes: [["Relu", ["x"], ["y"]]], outputs: { y: nchw } },
      /puts out pictures \(y \[N, 3, 8, 8\]\), no classes/,
    ],
    "one number": [
      {
        nodes: [...pooled, ["Gemm", ["/flat", "one"], ["y"]]],
        outputs: { y: { dims: ["N", 1] } },
        initialisers: { one: weights([6, 1]) },
      },
      /puts out one number a picture \(y \[N, 1\]\), no classes/,
    ],
    tokens: [
      {
        nodes: [["Gather", ["table", "input_ids"], ["y"]]],
        inputs: { input_ids: { dims: ["N", "T"], code: 7 }, attention_mask: { dims: ["N", "T"], code: 7 } },
        outputs: { y: { dims: ["N", "T", 6] } },
        initialisers: { table: weights([9, 6]) },
      },
      /is a language model: it takes tokens \(input_ids int64 \[N, T\], attention_mask/,
    ],
    "rows of numbers": [
      {
        nodes: [["Gemm", ["x", "w"], ["y"]]],
        inputs: { x: { dims: ["N", 6] } },
        outputs: { y: scores },
        initialisers: { w: weights([6, 4]) },
      },
      /takes no pictures: its input is x float32 \[N, 6\]/,
    ],
    "four channels": [
      {
        nodes: head,
        inputs: { x: { dims: ["N", 4, 8, 8] } },
        outputs: { y: scores },
        initialisers: { ...fc, "stem.weight": weights([6, 4, 3, 3]) },
      },
      /its input x takes pictures of 4 channels, not of 3 or 1/,
    ],
    latents: [
      {
        nodes: [["Add", ["sample", "timestep"], ["y"]]],
        inputs: { sample: { dims: ["N", 4, "H", "W"] }, timestep: { dims: [1] } },
        outputs: { y: { dims: ["N", 4, "H", "W"] } },
      },
      /takes no pictures: its inputs are sample float32 \[N, 4, H, W\], timestep float32 \[1\]/,
    ],
    "two pictures": [
      {
        nodes: [
          ...head.slice(0, -1),
          ["Add", ["x", "z"], ["/sum"]],
          ["Gemm", ["/flat", "fc.weight", "fc.bias"], ["y"], { transB: 1 }],
        ],
        inputs: { x: nchw, z: nchw },
        outputs: { y: scores },
        initialisers: fc,
      },
      /its input x takes pictures, and so does z/,
    ],
    "another input": [
      {
        nodes: [...pooled, gemm, ["Add", ["/fc", "age"], ["y"]]],
        inputs: { x: nchw, age: { dims: ["N", 1] } },
        outputs: { y: scores },
        initialisers: fc,
      },
      /is not all that the model needs: age \(float32 \[N, 1\]\) is another input/,
    ],
  };

  it.each(Object.entries(refused))("is refused: %s", async (name, [graph, words]) => {
    const path = write(`refused ${name}`, graph);
    const error = await loadModelFile(path).then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(isOalError(error) ? `${error.code} ${error.message}` : error).toMatch(words);
    expect(isOalError(error) && error.message.startsWith(path)).toBe(true);
  });
});
