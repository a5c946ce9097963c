/**
 * Nodes of ONNX files whose form is another than that of oal's operators and whose meaning is not: forms of older opsets, and
 * operators that are another one in disguise. What is not listed here is understood in its own form or not at all.
 */
import { floorOfQuotient, sumOf } from "../dims.js";
import { ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { operators } from "../ops/index.js";
import { tensorOf } from "../ops/broadcasting.js";
import { pairOf, spanOf } from "../ops/windows.js";
import type { Dim, DType, Shape, Tensor, ValueType } from "../tensor.js";
import { float32Tensor, int64Tensor, sizeOf } from "../tensor.js";
import type { NodeAttributes } from "./attributes.js";
import type { ExternalBytes } from "./readTensor.js";
import { readTensor } from "./readTensor.js";
import type { NodeUse } from "./subgraph.js";

/** A node as the file has it. */
export interface FileNode {
  /** Counting only outputs that something reads. */
  readonly use: NodeUse;
  readonly opset: number;
  readonly attributes: NodeAttributes;
  /** Its inputs; null for one that is left out or of which no type is known. */
  readonly types: readonly (ValueType | null)[];
  /** Shapes of its inputs that are constants of an element type that is carried only. */
  readonly carried: readonly (Shape | null)[];
  /** Its inputs as far as they are constants. */
  readonly constants: readonly (Tensor | null)[];
  /** Number of outputs that it names. */
  readonly outputs: number;
  readonly external: ExternalBytes | undefined;
}

/** An input of the node in oal's terms: one of the file's node by index, none, or a constant. */
export type Source = number | null | Tensor;

/** A node in oal's terms. */
export interface Translation {
  readonly operator: Operator;
  readonly attributes: Attributes;
  readonly inputs: readonly Source[];
}

const list = (values: readonly number[]): Tensor => int64Tensor([values.length], values);
const scalar = (dtype: DType, value: number): Tensor => tensorOf(dtype, [], [value]);

/** A node in a form of before, or null where its form is today's. */
export function otherForm(node: FileNode): Translation | null {
  if (node.use.domain !== "") return null;
  const translate = Object.hasOwn(forms, node.use.operator) ? forms[node.use.operator] : undefined;
  return translate?.(node) ?? null;
}

const rankOf = ({ types }: FileNode): number | null => types[0]?.shape.length ?? null;
/** All inputs as they are. */
const own = ({ types }: FileNode): number[] => types.map((_, index) => index);

/** Axes were an attribute before they became an input. */
function withAxes(operator: Operator): (node: FileNode) => Translation | null {
  return ({ attributes, use }) => {
    const axes = attributes.ints("axes");
    if (!axes || use.inputs !== 1) return null;
    const keepdims: Record<string, number> =
      operator === operators.Squeeze || operator === operators.Unsqueeze
        ? {}
        : { keepdims: attributes.int("keepdims", 1) };
    return { operator, attributes: keepdims, inputs: [0, list(axes)] };
  };
}

/**
 * Before opset 13 Softmax took everything behind its axis (default 1) together. That is today's over one axis where all the others
 * behind it are of size 1.
 */
function softmaxOfOne(operator: Operator): (node: FileNode) => Translation | null {
  return (node) => {
    const [type] = node.types;
    if (node.opset >= 13 || !type) return null;
    const rank = type.shape.length;
    const given = node.attributes.int("axis", 1);
    const first = given < 0 ? given + rank : given;
    const behind = type.shape.flatMap((size, axis) => (axis >= first && size !== 1 ? [axis] : []));
    const [axis = first, ...more] = behind;
    return more.length > 0 || axis >= rank ? null : { operator, attributes: { axis }, inputs: [0] };
  };
}

/** Enlargement of before opset 11: coordinates divided, and cut for the nearest neighbour. */
function enlarged(node: FileNode, scales: Source): Translation {
  return {
    operator: operators.Resize,
    attributes: {
      mode: node.attributes.text("mode", "nearest"),
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    },
    inputs: [0, null, scales],
  };
}

/** Pooling over all axes of an image: a reduction where the number of image axes is not two, or there is no operator of its own. */
function overImage(operator: Operator, isAlways: boolean): (node: FileNode) => Translation | null {
  return (node) => {
    const rank = rankOf(node);
    if (rank === null || rank < 3 || (rank === 4 && !isAlways)) return null;
    const axes = Array.from({ length: rank - 2 }, (_, axis) => axis + 2);
    return { operator, attributes: { keepdims: 1 }, inputs: [0, list(axes)] };
  };
}

/** The engine knows no automatic padding of dilated windows; the same in numbers it knows. */
function samePads(operator: Operator): (node: FileNode) => Translation | null {
  return (node) => {
    const { attributes } = node;
    const auto = attributes.text("auto_pad", "NOTSET");
    const dilations = attributes.ints("dilations") ?? [];
    const shape = node.types[0]?.shape;
    if (!auto.startsWith("SAME_") || dilations.every((dilation) => dilation === 1) || shape?.length !== 4)
      return null;
    const strides = pairOf(attributes.ints("strides") ?? [1, 1]);
    const kernel = attributes.ints("kernel_shape") ?? node.types[1]?.shape.slice(2).map(Number) ?? [];
    const windows = { kernel: pairOf(kernel), strides, dilations: pairOf(dilations) };
    const sides = ([0, 1] as const).map((axis) => {
      const total = samePadding(shape[axis + 2] ?? 1, windows, axis);
      const less = Math.floor(total / 2);
      return auto === "SAME_UPPER" ? [less, total - less] : [total - less, less];
    });
    const pads = [0, 1].flatMap((end) => sides.map((side) => side[end] ?? 0));
    const kept: Record<string, Attributes[string]> = { strides, dilations, pads, kernel_shape: kernel };
    for (const name of ["group", "count_include_pad", "ceil_mode", "storage_order"])
      if (attributes.names.includes(name)) kept[name] = attributes.int(name, 0);
    return { operator, attributes: kept, inputs: own(node) };
  };
}

function samePadding(size: Dim, windows: Parameters<typeof spanOf>[0], axis: 0 | 1): number {
  const [span, stride] = [spanOf(windows, axis), windows.strides[axis]];
  if (stride === 1) return span - 1;
  if (typeof size === "string")
    throw new ShapeProblem(`padding of dilated windows needs the open size "${size}" as a number`);
  return Math.max(0, (Number(floorOfQuotient(sumOf([size, stride - 1]), stride)) - 1) * stride + span - size);
}

const forms: Readonly<Record<string, (node: FileNode) => Translation | null>> = {
  ...Object.fromEntries(
    [
      operators.ReduceL1,
      operators.ReduceL2,
      operators.ReduceLogSum,
      operators.ReduceLogSumExp,
      operators.ReduceMax,
      operators.ReduceMean,
      operators.ReduceMin,
      operators.ReduceProd,
      operators.ReduceSum,
      operators.ReduceSumSquare,
      operators.Squeeze,
      operators.Unsqueeze,
    ].map((operator) => [operator.name, withAxes(operator)]),
  ),
  AveragePool: samePads(operators.AveragePool),
  BatchNormalization: (node) => {
    const { attributes, opset } = node;
    const epsilon = {
      epsilon: attributes.float("epsilon", 1e-5),
      momentum: attributes.float("momentum", 0.9),
    };
    if (opset >= 14 && attributes.int("training_mode", 0) === 1)
      return {
        operator: operators.BatchNormalizationTraining,
        attributes: { ...epsilon, training_mode: 1 },
        inputs: own(node),
      };
    // Before opset 9 there could be one statistic for every place; before 14 naming more outputs than one meant training.
    if (opset >= 14 || attributes.int("spatial", 1) !== 1 || node.use.outputs > 1) return null;
    if (node.outputs === 1)
      return { operator: operators.BatchNormalization, attributes: epsilon, inputs: own(node) };
    return {
      operator: operators.BatchNormalizationTraining,
      attributes: { ...epsilon, training_mode: 1 },
      inputs: own(node),
    };
  },
  Clip: ({ attributes, opset, types }) => {
    const dtype = types[0]?.dtype;
    if (opset >= 11 || !dtype) return null;
    const bound = (name: string): Source =>
      attributes.names.includes(name) ? scalar(dtype, attributes.float(name, 0)) : null;
    return { operator: operators.Clip, attributes: {}, inputs: [0, bound("min"), bound("max")] };
  },
  ConstantOfShape: ({ attributes, external }) => {
    const given = attributes.message("value")?.message(5, "the value of ConstantOfShape");
    const value = given
      ? readTensor(given, "the value of ConstantOfShape", external)
      : float32Tensor([1], [0]);
    if (sizeOf(value.shape) !== 1) return null;
    return { operator: operators.Expand, attributes: {}, inputs: [{ ...value, shape: [] }, 0] };
  },
  Conv: samePads(operators.Conv),
  Dropout: ({ use, opset, constants }) => {
    // A mask of ones would be another operator. Before opset 7 an attribute decided.
    if (opset < 7 || use.outputs > 1) return null;
    const isTraining = constants[2];
    if (use.inputs > 2 && !isTraining) return null;
    return { operator: operators.Identity, attributes: {}, inputs: [0] };
  },
  GlobalAveragePool: overImage(operators.ReduceMean, false),
  GlobalMaxPool: overImage(operators.ReduceMax, true),
  LogSoftmax: softmaxOfOne(operators.LogSoftmax),
  MaxPool: samePads(operators.MaxPool),
  Pad: ({ attributes, opset, types }) => {
    const pads = attributes.ints("pads");
    const dtype = types[0]?.dtype;
    if (opset >= 11 || !pads || !dtype) return null;
    const mode = { mode: attributes.text("mode", "constant") };
    return {
      operator: operators.Pad,
      attributes: mode,
      inputs: [0, list(pads), scalar(dtype, attributes.float("value", 0))],
    };
  },
  Resize: (node) => (node.opset === 10 ? enlarged(node, 1) : null),
  Slice: ({ attributes, opset }) => {
    const [starts, ends, axes] = ["starts", "ends", "axes"].map((name) => attributes.ints(name));
    if (opset >= 10 || !starts || !ends) return null;
    return {
      operator: operators.Slice,
      attributes: {},
      inputs: [0, list(starts), list(ends), ...(axes ? [list(axes)] : [])],
    };
  },
  Softmax: softmaxOfOne(operators.Softmax),
  Split: ({ attributes, opset, types, use, outputs }) => {
    const given = attributes.ints("split");
    const axis = attributes.int("axis", 0);
    const shape = types[0]?.shape;
    const size = shape?.[axis < 0 ? axis + shape.length : axis];
    if (opset >= 18 || use.inputs > 1) return null;
    const part = typeof size === "number" ? size / outputs : NaN;
    const parts = given ?? (Number.isInteger(part) ? Array.from({ length: outputs }, () => part) : null);
    return parts && { operator: operators.Split, attributes: { axis }, inputs: [0, list(parts)] };
  },
  TopK: ({ attributes, opset }) => {
    if (opset >= 10) return null;
    const axis = { axis: attributes.int("axis", -1) };
    return { operator: operators.TopK, attributes: axis, inputs: [0, list([attributes.int("k", 0)])] };
  },
  Upsample: (node) => {
    const scales = node.attributes.floats("scales");
    if (node.opset >= 9) return enlarged(node, 1);
    return scales && enlarged(node, float32Tensor([scales.length], scales));
  },
};
