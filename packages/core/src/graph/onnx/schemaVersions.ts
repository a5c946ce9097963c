/**
 * At which versions (opsets) of ONNX's own operators a node that was right before means something else or is no longer
 * allowed. Versions that only add element types, optional inputs or attributes whose default is the behaviour of before are
 * left out. Made from the schemas of the package `onnx` 1.23.1 (every version of every operator up to opset 28, compared
 * by attributes, defaults, inputs, outputs and types) and its Changelog.md for changes of meaning under the same form.
 */

import type { Operator } from "../operator.js";

/** What decides whether a change of an operator touches one of its nodes. */
export interface NodeForm {
  /** Names of the attributes that the node has. */
  readonly attributes: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
}

/** A version: for every node, or only for those that a test picks. */
type Change = number | readonly [version: number, touches: (node: NodeForm) => boolean];

/** A change that touches the nodes with one of these attributes. */
const having = (version: number, ...names: readonly string[]): Change => [
  version,
  ({ attributes }) => names.some((name) => attributes.includes(name)),
];
const severalOutputs = (version: number): Change => [version, ({ outputs }) => outputs > 1];

/** Opset 6 took the memory hints away. */
const hints = having(6, "consumed_inputs");
/** Opset 7 made broadcasting what numpy does, and took its attributes away. */
const broadcast = having(7, "broadcast", "axis");
/** Axes became an input. */
const axes = (version: number): Change => having(version, "axes");

/** The version that an operator appeared at, and those that changed it. */
const changes: Readonly<Record<string, readonly [first: number, ...changes: readonly Change[]]>> = {
  Abs: [1, hints],
  Acos: [7],
  Acosh: [9],
  Add: [1, hints, broadcast],
  AffineGrid: [20],
  And: [1, broadcast],
  ArgMax: [1],
  ArgMin: [1],
  Asin: [7],
  Asinh: [9],
  Atan: [7],
  Atanh: [9],
  Attention: [23, 24, 25],
  // The count of a window that reaches beyond the end: settled in 19.
  AveragePool: [1, 7, having(19, "ceil_mode")],
  BatchNormalization: [1, 6, having(7, "is_test"), having(9, "spatial"), severalOutputs(14)],
  Bernoulli: [15],
  BitCast: [26],
  BitShift: [11],
  BitwiseAnd: [18],
  BitwiseNot: [18],
  BitwiseOr: [18],
  BitwiseXor: [18],
  BlackmanWindow: [17],
  Cast: [1, 6],
  CastLike: [15],
  Ceil: [1, hints],
  Celu: [12],
  CenterCropPad: [18],
  Clip: [1, hints, 11],
  Col2Im: [18],
  Compress: [9],
  Concat: [1, 4],
  ConcatFromSequence: [11],
  Constant: [1],
  ConstantOfShape: [9],
  Conv: [1],
  ConvInteger: [10],
  ConvTranspose: [1, having(11, "auto_pad", "output_shape")],
  Cos: [7],
  Cosh: [9],
  CumProd: [26],
  CumSum: [11],
  DFT: [17, 20],
  DeformConv: [19],
  DepthToSpace: [1],
  DequantizeLinear: [10],
  Det: [11],
  Div: [1, hints, broadcast],
  Dropout: [1, 6, 7, severalOutputs(10), having(12, "ratio"), severalOutputs(12)],
  DynamicQuantizeLinear: [11],
  Einsum: [12],
  Elu: [1, hints],
  Equal: [1, broadcast],
  Erf: [9],
  Exp: [1, hints],
  Expand: [8],
  EyeLike: [9],
  Flatten: [1],
  Floor: [1, hints],
  GRU: [1, 3, 7],
  Gather: [1],
  GatherElements: [11],
  GatherND: [11],
  Gelu: [20],
  Gemm: [1, having(7, "broadcast")],
  GlobalAveragePool: [1],
  GlobalLpPool: [1, 2],
  GlobalMaxPool: [1],
  Greater: [1, broadcast],
  GreaterOrEqual: [12],
  GridSample: [16, having(20, "mode")],
  // Scale and bias: one a group before, one a channel since.
  GroupNormalization: [18, 21],
  HammingWindow: [17],
  HannWindow: [17],
  HardSigmoid: [1, hints],
  HardSwish: [14],
  // Over everything behind the axis before, over the axis since; another default.
  Hardmax: [1, 13],
  Identity: [1],
  If: [1],
  ImageDecoder: [20],
  InstanceNormalization: [1, hints],
  IsInf: [10],
  IsNaN: [9],
  LRN: [1],
  LSTM: [1, 7],
  LayerNormalization: [17],
  LeakyRelu: [1, hints],
  Less: [1, broadcast],
  LessOrEqual: [12],
  Log: [1, hints],
  LogSoftmax: [1, 13],
  Loop: [1, 11],
  LpNormalization: [1],
  LpPool: [1, 2],
  MatMul: [1],
  MatMulInteger: [10],
  Max: [1, hints],
  MaxPool: [1],
  MaxRoiPool: [1],
  MaxUnpool: [9, 11],
  Mean: [1, hints],
  MeanVarianceNormalization: [9],
  MelWeightMatrix: [17],
  Min: [1, hints],
  Mish: [18],
  Mod: [10],
  Mul: [1, hints, broadcast],
  Multinomial: [7],
  Neg: [1, hints],
  NegativeLogLikelihoodLoss: [12, 13],
  NonMaxSuppression: [10],
  NonZero: [9],
  Not: [1],
  OneHot: [9, 11],
  Optional: [15],
  OptionalGetElement: [15],
  OptionalHasElement: [15],
  Or: [1, broadcast],
  PRelu: [1, 6, 7],
  Pad: [1, 2, 11],
  Pow: [1, broadcast],
  QLinearConv: [10],
  QLinearMatMul: [10],
  QuantizeLinear: [10],
  RMSNormalization: [23],
  RNN: [1, 7],
  RandomNormal: [1],
  RandomNormalLike: [1],
  RandomUniform: [1],
  RandomUniformLike: [1],
  Range: [11],
  Reciprocal: [1, hints],
  ReduceL1: [1, axes(18)],
  ReduceL2: [1, axes(18)],
  ReduceLogSum: [1, axes(18)],
  ReduceLogSumExp: [1, axes(18)],
  ReduceMax: [1, axes(18)],
  ReduceMean: [1, axes(18)],
  ReduceMin: [1, axes(18)],
  ReduceProd: [1, axes(18)],
  ReduceSum: [1, axes(13)],
  ReduceSumSquare: [1, axes(18)],
  RegexFullMatch: [20],
  Relu: [1, hints],
  Reshape: [1, 5],
  Resize: [10, 11],
  ReverseSequence: [10],
  RoiAlign: [10, 16],
  RotaryEmbedding: [23],
  Round: [11],
  STFT: [17],
  Scan: [8, 9],
  Scatter: [9, 11],
  ScatterElements: [11],
  ScatterND: [11],
  Selu: [1, 6],
  SequenceAt: [11],
  SequenceConstruct: [11],
  SequenceEmpty: [11],
  SequenceErase: [11],
  SequenceInsert: [11],
  SequenceLength: [11],
  SequenceMap: [17],
  Shape: [1],
  Shrink: [9],
  Sigmoid: [1, hints],
  Sign: [9],
  Sin: [7],
  Sinh: [9],
  Size: [1],
  Slice: [1, 10],
  Softmax: [1, 13],
  SoftmaxCrossEntropyLoss: [12],
  Softplus: [1],
  Softsign: [1],
  SpaceToDepth: [1],
  // Since 18 a split into equal parts must say into how many.
  Split: [
    1,
    2,
    having(13, "split"),
    [18, ({ inputs, attributes }) => inputs < 2 && !attributes.includes("num_outputs")],
  ],
  SplitToSequence: [11],
  Sqrt: [1, hints],
  Squeeze: [1, axes(13)],
  StringConcat: [20],
  StringNormalizer: [10],
  StringSplit: [20],
  Sub: [1, hints, broadcast],
  Sum: [1, hints],
  Swish: [24],
  Tan: [7],
  Tanh: [1, hints],
  TensorScatter: [24],
  TfIdfVectorizer: [9],
  ThresholdedRelu: [10],
  Tile: [1, 6],
  TopK: [1, 10],
  Transpose: [1],
  Trilu: [14],
  Unique: [11],
  Unsqueeze: [1, axes(13)],
  Upsample: [1, 7, 9, 10],
  Where: [9],
  Xor: [1, broadcast],
};

/** Whether the table tells about an operator of ONNX's own domain. */
export function isKnown(operator: string): boolean {
  return Object.hasOwn(changes, operator);
}

/** The newest opset that nodes are written at; the table tells about it and all before. */
export const knownOpset = 26;

/**
 * Whether a node of ONNX's own domain that is right at the lower of two opsets is right and means the same at the higher.
 *
 * @returns false also for an operator that the table does not know, unless the opsets are equal
 */
export function meansTheSame(operator: string, node: NodeForm, from: number, to: number): boolean {
  if (from === to) return true;
  const known = isKnown(operator) ? changes[operator] : undefined;
  if (!known || Math.max(from, to) > knownOpset) return false;
  const [first, ...later] = known;
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  if (low < first) return false;
  return later.every((change) => {
    const [version, touches] = typeof change === "number" ? [change, undefined] : change;
    return version <= low || version > high || (touches && !touches(node));
  });
}

/** The version since which an operator has its form with these attributes. */
export function sinceOfAttributes(
  { sinceOpset, newerAttributes }: Pick<Operator, "sinceOpset" | "newerAttributes">,
  attributes: readonly string[],
): number {
  return Math.max(sinceOpset, ...attributes.map((name) => newerAttributes?.[name] ?? 1));
}
