/**
 * Types of outputs of nodes that oal does not compute with, where they follow from the inputs as those of an operator that it knows, or
 * are an input's own: so that what stands behind such a node is understood again. What the file or the caller tells goes before.
 */
import { ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { broadcastShapes } from "../ops/broadcasting.js";
import { operators } from "../ops/index.js";
import { dtypeOfCode, type Dim, type Dims, type DType, type ValueType } from "../tensor.js";
import { attributeValue } from "./attributes.js";
import type { FileNode } from "./otherForms.js";

type Rule = (node: FileNode) => readonly (ValueType | null)[];

/** The type of an input. */
const like =
  (index: number, ...others: readonly DType[]): Rule =>
  ({ types }) => {
    const type = types[index] ?? null;
    return [type, ...others.map((dtype) => type && { dtype, shape: type.shape })];
  };

/**
 * As an operator of the table on some of the inputs, whatever their element type.
 *
 * @param result the element type of the result, or the input that has it
 * @param ignored attributes that decide no shape
 */
function as(
  operator: Operator,
  inputs: readonly number[],
  result: DType | number,
  ignored: readonly string[] = [],
): Rule {
  return ({ types, attributes, constants }) => {
    const own: Record<string, Attributes[string]> = {};
    for (const [name, kind] of Object.entries(operator.attributes)) {
      const attribute = ignored.includes(name) ? undefined : attributes.message(name);
      const value = attribute && attributeValue(attribute, kind);
      if (value !== undefined) own[name] = value;
    }
    const taken = inputs.map((index) => types[index] ?? null);
    const [type] = operator.infer(
      taken.map((each, place) => each && (place < 2 ? { dtype: "float32", shape: each.shape } : each)),
      own,
      inputs.map((index) => constants[index] ?? null),
      inputs.map(() => null),
    );
    const dtype = typeof result === "number" ? types[result]?.dtype : result;
    return [type && dtype ? { dtype, shape: type.shape } : null];
  };
}

/** Two operands that stretch to one another, of the first one's element type. */
const stretched =
  (first: number, second: number): Rule =>
  ({ types }) => {
    const [a, b] = [types[first], types[second]];
    return [a && b ? { dtype: a.dtype, shape: broadcastShapes<Dim>(a.shape, b.shape) } : null];
  };

const typed = (shape: Dims | null | undefined, dtype: DType | undefined): ValueType | null =>
  shape && dtype ? { dtype, shape } : null;

const named = (names: string, rule: Rule): Readonly<Record<string, Rule>> =>
  Object.fromEntries(names.split(" ").map((name) => [name, rule]));

const { Conv, Gemm, MatMul, Pad, Resize } = operators;

const ofOnnx: Readonly<Record<string, Rule>> = {
  ...named(
    "Acos Acosh Asin Asinh Atan Atanh BitwiseNot CumProd CumSum Cosh GroupNormalization Hardmax Identity LogSoftmax " +
      "LpNormalization MeanVarianceNormalization RMSNormalization ReverseSequence RotaryEmbedding ScatterElements ScatterND Shrink " +
      "SimplifiedLayerNormalization Sinh Softmax Swish Tan",
    like(0),
  ),
  ...named("BitShift BitwiseAnd BitwiseOr BitwiseXor", stretched(0, 1)),
  ...named("IsInf IsNaN", ({ types: [type] }) => [type ? { dtype: "bool", shape: type.shape } : null]),
  Cast: ({ types, carried, attributes }) => [
    typed(types[0]?.shape ?? carried[0], dtypeOfCode(attributes.int("to", 0))),
  ],
  DequantizeLinear: ({ types, carried }) => [typed(types[0]?.shape ?? carried[0], types[1]?.dtype)],
  Dropout: like(0, "bool"),
  Mean: ({ types }) => {
    const [first] = types;
    const shapes = types.flatMap((type) => (type ? [type.shape] : []));
    const isKnown = first && shapes.length === types.length;
    return [isKnown ? { dtype: first.dtype, shape: broadcastShapes<Dim>(...shapes) } : null];
  },
  ConvInteger: as(Conv, [0, 1], "int32"),
  MatMulInteger: as(MatMul, [0, 1], "int32"),
  QLinearConv: as(Conv, [0, 3], 7),
  QLinearMatMul: as(MatMul, [0, 3], 7),
  DynamicQuantizeLinear: ({ types: [type] }) => [
    type ? { dtype: "uint8", shape: type.shape } : null,
    { dtype: "float32", shape: [] },
    { dtype: "uint8", shape: [] },
  ],
  Pad: as(Pad, [0, 1, 2, 3], 0, ["mode"]),
  Resize: as(Resize, [0, 1, 2, 3], 0, ["antialias", "exclude_outside", "coordinate_transformation_mode"]),
};

const ofRuntime: Readonly<Record<string, Rule>> = {
  ...named(
    "BiasGelu BiasDropout FastGelu Gelu QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QuickGelu SkipLayerNormalization " +
      "SkipSimplifiedLayerNormalization",
    like(0),
  ),
  ...named("QLinearAdd QLinearMul", stretched(0, 3)),
  DynamicQuantizeMatMul: as(MatMul, [0, 1], "float32"),
  FusedConv: as(Conv, [0, 1], 0),
  FusedGemm: as(Gemm, [0, 1], 0),
  MatMulIntegerToFloat: as(MatMul, [0, 1], "float32"),
};

/** The types of a node's outputs as far as they follow from its inputs; empty where nothing is said of its operator. */
export function opaqueTypes(node: FileNode): readonly (ValueType | null)[] {
  const { domain, operator } = node.use;
  const rules = domain === "" ? ofOnnx : domain === "com.microsoft" ? ofRuntime : {};
  const rule = Object.hasOwn(rules, operator) ? rules[operator] : undefined;
  try {
    return rule?.(node) ?? [];
  } catch (error) {
    if (error instanceof ShapeProblem) return [];
    throw error;
  }
}
