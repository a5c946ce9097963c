/**
 * Nodes of other programs, one a file, where ONNX's defaults and modes differ from what oal writes itself: each is understood
 * with ONNX's meaning or kept as it stood; the engine gives the same either way.
 */
import {
  evaluateReference,
  float32Tensor,
  readModel,
  toNumbers,
  verifyGraph,
  writeModel,
  type Tensor,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { onnxFile, type FileAttribute, type FileGraph, type FileTensor } from "../onnxFile.js";

interface Case {
  readonly operator: string;
  /** Shapes of float32 inputs that are fed, and constants; null for one left out. */
  readonly inputs: readonly (readonly number[] | FileTensor | null)[];
  readonly attributes?: Readonly<Record<string, FileAttribute>>;
  readonly opset?: number;
  readonly outputs?: number;
  /** Why it is kept as it stood; left out for one that is understood. */
  readonly kept?: string | RegExp;
}

const list = (...values: readonly number[]): FileTensor => ({ dims: [values.length], values, isInt64: true });
const scales = (...values: readonly number[]): FileTensor => ({ dims: [values.length], values });
const image = [1, 2, 5, 6];
const resize = (attributes: Case["attributes"], kept?: string, factors = [1, 1, 2, 3]): Case => ({
  operator: "Resize",
  inputs: [image, null, scales(...factors)],
  ...(attributes ? { attributes } : {}),
  ...(kept === undefined ? {} : { kept }),
});

const cases: Readonly<Record<string, Case>> = {
  "Transpose reverses by default": { operator: "Transpose", inputs: [[2, 3, 4]] },
  "Slice cuts the first axes by default": { operator: "Slice", inputs: [[4, 5], list(1, 2), list(3, 9)] },
  "Slice steps by 1 by default": { operator: "Slice", inputs: [[4, 5], list(-3), list(-1), list(1)] },
  "Slice goes backwards": { operator: "Slice", inputs: [[4, 5], list(4), list(-9), list(1), list(-2)] },
  "Max of three": { operator: "Max", inputs: [[2, 3], [3], [2, 1]] },
  "Min of one": { operator: "Min", inputs: [[2, 3]] },
  "Sum of three": { operator: "Sum", inputs: [[2, 3], [3], [1, 1]] },
  "Pad of some axes": { operator: "Pad", inputs: [[2, 3], list(1, 2), null, list(-1)] },
  "Pad of all axes": { operator: "Pad", inputs: [[2, 3], list(1, 2, 0, 1), scales(0.5)], opset: 17 },
  "Pad by reflection": {
    operator: "Pad",
    inputs: [[2, 3], list(0, 1, 0, 1)],
    attributes: { mode: "reflect" },
    kept: 'mode "reflect" is not supported',
  },
  "Conv with SAME_UPPER": {
    operator: "Conv",
    inputs: [image, [3, 2, 3, 2]],
    attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
  },
  "Conv with SAME_LOWER": {
    operator: "Conv",
    inputs: [image, [3, 2, 2, 2]],
    attributes: { auto_pad: "SAME_LOWER" },
  },
  "Conv with VALID": {
    operator: "Conv",
    inputs: [image, [3, 2, 3, 3]],
    attributes: { auto_pad: "VALID", kernel_shape: [3, 3] },
  },
  "Conv on one axis": {
    operator: "Conv",
    inputs: [
      [1, 2, 7],
      [3, 2, 3],
    ],
    kept: "must have rank 4",
  },
  "Conv on three axes": {
    operator: "Conv",
    inputs: [
      [1, 1, 4, 4, 4],
      [2, 1, 2, 2, 2],
    ],
    kept: "must have rank 4",
  },
  "ConvTranspose of a given shape": {
    operator: "ConvTranspose",
    inputs: [
      [1, 2, 3, 3],
      [2, 1, 3, 3],
    ],
    attributes: { output_shape: [7, 7], strides: [2, 2] },
    kept: "attribute output_shape",
  },
  "ConvTranspose with SAME_UPPER": {
    operator: "ConvTranspose",
    inputs: [
      [1, 2, 3, 3],
      [2, 1, 3, 3],
    ],
    attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
    kept: "auto_pad SAME_UPPER",
  },
  "MaxPool with SAME_LOWER": {
    operator: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: "SAME_LOWER" },
  },
  "AveragePool leaves padding out of the mean by default": {
    operator: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
    opset: 17,
  },
  "AveragePool with SAME_UPPER": {
    operator: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], auto_pad: "SAME_UPPER" },
  },
  "AveragePool beyond the end before 19": {
    operator: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
    opset: 17,
    kept: "as of opset",
  },
  "AveragePool that stays inside before 19": {
    operator: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 0 },
    opset: 13,
  },
  "GlobalAveragePool on one axis": {
    operator: "GlobalAveragePool",
    inputs: [[1, 2, 5]],
  },
  "MatMul of a vector": { operator: "MatMul", inputs: [[4], [4, 3]], kept: "at least two axes" },
  "Resize repeats where centres are rounded": resize(undefined),
  "Resize repeats where coordinates are cut": resize({
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
    cubic_coeff_a: { f: -0.75 },
  }),
  "Resize rounds coordinates up": resize({
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "ceil",
  }),
  "Resize aligns corners": resize({ coordinate_transformation_mode: "align_corners" }),
  "Resize linearly": resize({ mode: "linear" }),
  "Resize linearly with corners aligned": resize(
    { mode: "linear", coordinate_transformation_mode: "align_corners" },
    undefined,
    [1, 1, 0.6, 1.7],
  ),
  "Resize cubically": resize({ mode: "cubic", cubic_coeff_a: { f: -0.5 } }, undefined, [1, 1, 1.4, 2.2]),
  "Resize by a broken factor": resize(undefined, undefined, [1, 1, 1.5, 2]),
  "Resize of other axes": resize(undefined, undefined, [1, 2, 1, 1]),
  "Resize to sizes": { operator: "Resize", inputs: [image, null, null, list(1, 2, 10, 12)] },
  "Resize of some axes": {
    operator: "Resize",
    inputs: [image, null, null, list(3, 8)],
    attributes: { axes: [2, 3], mode: "linear" },
  },
  "Resize around the centre": resize(
    { mode: "linear", coordinate_transformation_mode: "half_pixel_symmetric" },
    undefined,
    [1, 1, 0.7, 1.3],
  ),
  "Resize against aliasing": resize({ mode: "linear", antialias: 1 }, "antialiasing"),
  "Resize of a cut": resize({ coordinate_transformation_mode: "tf_crop_and_resize" }, "tf_crop_and_resize"),
  "Resize before 11": {
    operator: "Resize",
    inputs: [image, scales(1, 1, 2, 1.5)],
    attributes: { mode: "linear" },
    opset: 10,
  },
  "Upsample before 10": { operator: "Upsample", inputs: [image, scales(1, 1, 2, 3)], opset: 9 },
  "Upsample before 9": {
    operator: "Upsample",
    inputs: [image],
    attributes: { mode: "linear", scales: { floats: [1, 1, 2, 2] } },
    opset: 7,
  },
  "ReduceMean over everything": { operator: "ReduceMean", inputs: [[2, 3]] },
  "ReduceMean over nothing": {
    operator: "ReduceMean",
    inputs: [[2, 3]],
    attributes: { noop_with_empty_axes: 1 },
    kept: "over no axes",
  },
  "ReduceMean with the axes of before 18": {
    operator: "ReduceMean",
    inputs: [[2, 3, 4]],
    attributes: { axes: [2, 1], keepdims: 0 },
    opset: 13,
  },
  "ReduceMax with the axes of before 18": {
    operator: "ReduceMax",
    inputs: [[2, 3, 4]],
    attributes: { axes: [-1] },
    opset: 13,
  },
  "ReduceSum with the axes of before 13": {
    operator: "ReduceSum",
    inputs: [[2, 3, 4]],
    attributes: { axes: [0] },
    opset: 11,
  },
  "Softmax before 13": { operator: "Softmax", inputs: [[1, 2, 3]], opset: 11, kept: "as of opset 13" },
  "Softmax before 13 over one axis of an image": { operator: "Softmax", inputs: [[2, 5, 1, 1]], opset: 8 },
  "LogSoftmax before 13": { operator: "LogSoftmax", inputs: [[2, 3]], opset: 11 },
  "LogSoftmax of today": { operator: "LogSoftmax", inputs: [[1, 2, 3]], attributes: { axis: 1 } },
  "Softmax before 13 over the last axis": { operator: "Softmax", inputs: [[2, 3]], opset: 11 },
  "Softmax before 13 over the last of three": {
    operator: "Softmax",
    inputs: [[1, 2, 3]],
    attributes: { axis: 2 },
    opset: 9,
  },
  "Softmax of today": { operator: "Softmax", inputs: [[1, 2, 3]] },
  BatchNormalization: {
    operator: "BatchNormalization",
    inputs: [image, [2], [2], [2], scales(1, 2)],
    attributes: { momentum: { f: 0.9 }, epsilon: { f: 0.01 } },
    opset: 9,
  },
  "BatchNormalization in training": {
    operator: "BatchNormalization",
    inputs: [image, [2], [2], [2], scales(1, 2)],
    attributes: { training_mode: 1 },
    outputs: 3,
  },
  "BatchNormalization with one statistic a channel before 9": {
    operator: "BatchNormalization",
    inputs: [image, [2], [2], [2], scales(1, 2)],
    attributes: { spatial: 1, momentum: { f: 0.9 } },
    opset: 7,
  },
  LayerNormalization: {
    operator: "LayerNormalization",
    inputs: [[2, 4], [4]],
    attributes: { stash_type: 1 },
    opset: 17,
  },
  "ArgMax of the last": {
    operator: "ArgMax",
    inputs: [[2, 3]],
    attributes: { select_last_index: 1 },
    kept: "attribute select_last_index",
  },
  "ArgMax of the first": {
    operator: "ArgMax",
    inputs: [[2, 3]],
    attributes: { select_last_index: 0 },
    opset: 12,
  },
  "ArgMax along the first axis by default": { operator: "ArgMax", inputs: [[4, 3]] },
  "Flatten from the end": { operator: "Flatten", inputs: [[2, 3, 4]], attributes: { axis: -1 } },
  "Flatten of everything": { operator: "Flatten", inputs: [[2, 3, 4]], attributes: { axis: 0 } },
  Gemm: {
    operator: "Gemm",
    inputs: [[3, 2], [4, 3], [4]],
    attributes: { transA: 1, transB: 1, alpha: { f: 0.5 }, beta: { f: 2 } },
  },
  "Clip from above": { operator: "Clip", inputs: [[2, 3], null, { dims: [], values: [0.25] }] },
  HardSigmoid: { operator: "HardSigmoid", inputs: [[2, 3]] },
  LeakyRelu: { operator: "LeakyRelu", inputs: [[2, 3]] },
  "Gather from the end": { operator: "Gather", inputs: [[4, 3], list(-1, 0)] },
  "Reshape that keeps and fills": { operator: "Reshape", inputs: [[2, 3, 4], list(0, -1)] },
  Cast: { operator: "Cast", inputs: [[2, 3]], attributes: { to: 7, saturate: 1 } },
  "Cast to 16 bits": { operator: "Cast", inputs: [[2, 3]], attributes: { to: 10 } },
  TopK: { operator: "TopK", inputs: [[2, 5], list(2)], outputs: 2 },
  Squeeze: { operator: "Squeeze", inputs: [[2, 1, 3], list(1)] },
  "Squeeze of everything": { operator: "Squeeze", inputs: [[2, 1, 3, 1]] },
  "Squeeze before 13": { operator: "Squeeze", inputs: [[2, 1, 3]], attributes: { axes: [-2] }, opset: 11 },
  "Squeeze of a size": { operator: "Squeeze", inputs: [[1, 3], list(0)] },
  Unsqueeze: { operator: "Unsqueeze", inputs: [[2, 3], list(0, -1)] },
  "Unsqueeze before 13": { operator: "Unsqueeze", inputs: [[2, 3]], attributes: { axes: [3, 1] }, opset: 11 },
  Dropout: { operator: "Dropout", inputs: [[2, 3]], attributes: { ratio: { f: 0.5 } }, opset: 10 },
  "Dropout with a ratio": { operator: "Dropout", inputs: [[2, 3], { dims: [], values: [0.5] }] },
  "Dropout with its mask": { operator: "Dropout", inputs: [[2, 3]], outputs: 2, kept: "no such operator" },
  "Split into equal parts before 18": { operator: "Split", inputs: [[4, 3]], outputs: 2, opset: 13 },
  "Split before 13": {
    operator: "Split",
    inputs: [[2, 5]],
    attributes: { axis: 1, split: [2, 3] },
    outputs: 2,
    opset: 11,
  },
  "Split into some parts": {
    operator: "Split",
    inputs: [[5, 2]],
    attributes: { num_outputs: 2 },
    outputs: 2,
  },
  Shape: { operator: "Shape", inputs: [[2, 3]] },
  "Clip before 11": {
    operator: "Clip",
    inputs: [[2, 3]],
    attributes: { min: { f: -0.2 }, max: { f: 0.6 } },
    opset: 7,
  },
  "Pad before 11": {
    operator: "Pad",
    inputs: [[2, 3]],
    attributes: { pads: [0, 1, 1, 0], value: { f: 2 } },
    opset: 9,
  },
  "Slice before 10": {
    operator: "Slice",
    inputs: [[4, 5]],
    attributes: { starts: [1, -3], ends: [9, -1], axes: [0, 1] },
    opset: 9,
  },
  "TopK before 10": {
    operator: "TopK",
    inputs: [[2, 5]],
    attributes: { k: 2, axis: 1 },
    outputs: 2,
    opset: 9,
  },
  "ConstantOfShape of zeros": { operator: "ConstantOfShape", inputs: [list(2, 3)] },
  "ConstantOfShape of a number": {
    operator: "ConstantOfShape",
    inputs: [list(2)],
    attributes: { value: { tensor: { dims: [1], values: [-1], isInt64: true } } },
  },
  GlobalMaxPool: { operator: "GlobalMaxPool", inputs: [image] },
};

function fileOf({ operator, inputs, attributes, opset = 20, outputs = 1 }: Case): Uint8Array {
  const fed: Record<string, { dims: readonly number[] }> = {};
  const initialisers: Record<string, FileTensor> = {};
  const names = inputs.map((input, index) => {
    if (!input) return "";
    const name = `x${index}`;
    if ("dims" in input) initialisers[name] = input;
    else fed[name] = { dims: input };
    return name;
  });
  const results = Array.from({ length: outputs }, (_, index) => `y${index}`);
  const graph: FileGraph = {
    nodes: [[operator, names, results, attributes ?? {}]],
    inputs: fed,
    outputs: Object.fromEntries(results.map((name) => [name, null])),
    initialisers,
  };
  return onnxFile(graph, { "": opset });
}

function feedsOf({ inputs }: Case): Record<string, Tensor> {
  return Object.fromEntries(
    inputs.flatMap((input, index) => {
      if (!input || "dims" in input) return [];
      const count = input.reduce((product, size) => product * size, 1);
      return [
        [
          `x${index}`,
          float32Tensor(
            input,
            Float32Array.from({ length: count }, (_, i) => Math.sin(3 * i + index)),
          ),
        ],
      ];
    }),
  );
}

async function run(model: Uint8Array, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await testEngine.open(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

describe.each(Object.entries(cases))("%s", (_, each) => {
  const bytes = fileOf(each);
  const feeds = feedsOf(each);

  it(each.kept === undefined ? "is understood" : "is kept as it stood", () => {
    const { opaque, graph } = readModel(bytes);
    verifyGraph(graph);
    const reasons = opaque.map(({ reason }) => reason);
    if (each.kept === undefined) expect(reasons).toEqual([]);
    else expect(reasons).toEqual([expect.stringMatching(each.kept)]);
  });

  it("means what it meant, to the engine and to the reference", async () => {
    const { graph } = readModel(bytes);
    const before = await run(bytes, feeds);
    const results = [await run(writeModel(graph), feeds)];
    if (each.kept === undefined) results.push(evaluateReference(graph, feeds));
    for (const result of results) {
      for (const [name, { shape, dtype, ...tensor }] of Object.entries(before)) {
        expect([name, result[name]?.dtype, result[name]?.shape]).toEqual([name, dtype, shape]);
        const found = result[name];
        const numbers = toNumbers({ shape, dtype, ...tensor });
        expect(found && toNumbers(found)).toEqual(numbers.map((number) => expect.closeTo(number, 5)));
      }
    }
  });
});

it("integers are divided as integers", async () => {
  const bytes = onnxFile(
    {
      nodes: [["Div", ["a", "b"], ["y"]]],
      inputs: { a: { dims: [4], code: 7 }, b: { dims: [4], code: 7 } },
      outputs: { y: null },
    },
    { "": 20 },
  );
  const int64 = (...values: readonly bigint[]): Tensor => ({
    dtype: "int64",
    shape: [4],
    data: BigInt64Array.from(values),
  });
  const feeds = { a: int64(7n, -7n, 6n, 1n), b: int64(2n, 2n, 3n, 3n) };
  const { graph } = readModel(bytes);
  expect(evaluateReference(graph, feeds)["y"]?.data).toEqual(BigInt64Array.of(3n, -3n, 2n, 0n));
  expect((await run(writeModel(graph), feeds))["y"]?.data).toEqual(BigInt64Array.of(3n, -3n, 2n, 0n));
});
