/**
 * The table of oal's own operators, for tests, documentation and reading ONNX files; graphs hold the objects themselves. One
 * operator is one file; adding one means one line here.
 */
import type { Operator } from "../operator.js";
import { Abs } from "./abs.js";
import { Add } from "./add.js";
import { And } from "./logical.js";
import { ArgMax } from "./argMax.js";
import { AveragePool } from "./averagePool.js";
import { BatchNormalization } from "./batchNormalization.js";
import { BatchNormalizationOfBatch } from "./batchNormalization.js";
import { BatchNormalizationTraining } from "./batchNormalizationTraining.js";
import { BlockedAveragePool } from "./blockedPools.js";
import { BlockedConv } from "./blockedConv.js";
import { BlockedGlobalAveragePool } from "./blockedPools.js";
import { BlockedMaxPool } from "./blockedPools.js";
import { BlockedUpsample } from "./blockedUpsample.js";
import { Cast } from "./cast.js";
import { Ceil } from "./rounding.js";
import { Celu } from "./curves.js";
import { Clip } from "./clip.js";
import { Concat } from "./concat.js";
import { Conv } from "./conv.js";
import { ConvTranspose } from "./convTranspose.js";
import { Cos } from "./cos.js";
import { DequantizeLinear } from "./dequantizeLinear.js";
import { Div } from "./div.js";
import { Elu } from "./curves.js";
import { Equal } from "./equal.js";
import { Erf } from "./erf.js";
import { Exp } from "./exp.js";
import { Expand } from "./expand.js";
import { Flatten } from "./flatten.js";
import { Floor } from "./floor.js";
import { Gather } from "./gather.js";
import { GatherElements } from "./gatherElements.js";
import { Gelu } from "./gelu.js";
import { Gemm } from "./gemm.js";
import { GlobalAveragePool } from "./globalAveragePool.js";
import { Greater } from "./greater.js";
import { GreaterOrEqual } from "./greaterOrEqual.js";
import { HardSigmoid } from "./hardSigmoid.js";
import { HardSwish } from "./hardSwish.js";
import { Identity } from "./identity.js";
import { InstanceNormalization } from "./instanceNormalization.js";
import { LayerNormalization } from "./layerNormalization.js";
import { LeakyRelu } from "./leakyRelu.js";
import { Less } from "./less.js";
import { LessOrEqual } from "./lessOrEqual.js";
import { Log } from "./log.js";
import { LogSoftmax } from "./logSoftmax.js";
import { LRN } from "./lrn.js";
import { MatMul } from "./matMul.js";
import { Max } from "./max.js";
import { MaxPool } from "./maxPool.js";
import { Min } from "./min.js";
import { Mish } from "./curves.js";
import { Mod } from "./mod.js";
import { Mul } from "./mul.js";
import { Neg } from "./neg.js";
import { Not } from "./not.js";
import { OneHot } from "./oneHot.js";
import { Or } from "./logical.js";
import { Pad } from "./pad.js";
import { Pow } from "./pow.js";
import { PRelu } from "./curves.js";
import { QuantizeLinear } from "./quantizeLinear.js";
import { Range } from "./range.js";
import { Reciprocal } from "./reciprocal.js";
import { ReduceL1 } from "./reductions.js";
import { ReduceL2 } from "./reductions.js";
import { ReduceLogSum } from "./reductions.js";
import { ReduceLogSumExp } from "./reduceLogSumExp.js";
import { ReduceMax } from "./reduceMax.js";
import { ReduceMean } from "./reduceMean.js";
import { ReduceMin } from "./reductions.js";
import { ReduceProd } from "./reductions.js";
import { ReduceSum } from "./reduceSum.js";
import { ReduceSumSquare } from "./reductions.js";
import { Relu } from "./relu.js";
import { ReorderInput } from "./reorderInput.js";
import { ReorderOutput } from "./reorderOutput.js";
import { Reshape } from "./reshape.js";
import { Resize } from "./resize.js";
import { Round } from "./rounding.js";
import { Selu } from "./curves.js";
import { Shape } from "./shape.js";
import { Sigmoid } from "./sigmoid.js";
import { Sign } from "./rounding.js";
import { Sin } from "./sin.js";
import { Size } from "./size.js";
import { Slice } from "./slice.js";
import { Softmax } from "./softmax.js";
import { Softplus } from "./softplus.js";
import { Softsign } from "./curves.js";
import { Split } from "./split.js";
import { Sqrt } from "./sqrt.js";
import { Squeeze } from "./squeeze.js";
import { StopGradient } from "./stopGradient.js";
import { Sub } from "./sub.js";
import { Sum } from "./sum.js";
import { Tanh } from "./tanh.js";
import { ThresholdedRelu } from "./curves.js";
import { Tile } from "./tile.js";
import { TopK } from "./topK.js";
import { Transpose } from "./transpose.js";
import { Trilu } from "./trilu.js";
import { Unsqueeze } from "./squeeze.js";
import { Where } from "./where.js";
import { Xor } from "./logical.js";

/** Every operator by its name. */
export const operators = {
  Abs,
  Add,
  And,
  ArgMax,
  AveragePool,
  BatchNormalization,
  BatchNormalizationOfBatch,
  BatchNormalizationTraining,
  BlockedAveragePool,
  BlockedConv,
  BlockedGlobalAveragePool,
  BlockedMaxPool,
  BlockedUpsample,
  Cast,
  Ceil,
  Celu,
  Clip,
  Concat,
  Conv,
  ConvTranspose,
  Cos,
  DequantizeLinear,
  Div,
  Elu,
  Equal,
  Erf,
  Exp,
  Expand,
  Flatten,
  Floor,
  Gather,
  GatherElements,
  Gelu,
  Gemm,
  GlobalAveragePool,
  Greater,
  GreaterOrEqual,
  HardSigmoid,
  HardSwish,
  Identity,
  InstanceNormalization,
  LayerNormalization,
  LeakyRelu,
  Less,
  LessOrEqual,
  Log,
  LogSoftmax,
  LRN,
  MatMul,
  Max,
  MaxPool,
  Min,
  Mish,
  Mod,
  Mul,
  Neg,
  Not,
  OneHot,
  Or,
  Pad,
  Pow,
  PRelu,
  QuantizeLinear,
  Range,
  Reciprocal,
  ReduceL1,
  ReduceL2,
  ReduceLogSum,
  ReduceLogSumExp,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceProd,
  ReduceSum,
  ReduceSumSquare,
  Relu,
  ReorderInput,
  ReorderOutput,
  Reshape,
  Resize,
  Round,
  Selu,
  Shape,
  Sigmoid,
  Sign,
  Sin,
  Size,
  Slice,
  Softmax,
  Softplus,
  Softsign,
  Split,
  Sqrt,
  Squeeze,
  StopGradient,
  Sub,
  Sum,
  Tanh,
  ThresholdedRelu,
  Tile,
  TopK,
  Transpose,
  Trilu,
  Unsqueeze,
  Where,
  Xor,
} as const satisfies Readonly<Record<string, Operator>>;

/** The name of an operator. */
export type OperatorName = keyof typeof operators;
