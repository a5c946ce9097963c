/**
 * The table of oal's own operators, for tests, documentation and reading ONNX files; graphs hold the objects themselves. One
 * operator is one file; adding one means one line here.
 */
import type { Operator } from "../operator.js";
import { Abs } from "./abs.js";
import { Add } from "./add.js";
import { ArgMax } from "./argMax.js";
import { AveragePool } from "./averagePool.js";
import { BatchNormalization } from "./batchNormalization.js";
import { BatchNormalizationOfBatch } from "./batchNormalization.js";
import { BlockedConv } from "./blockedConv.js";
import { Cast } from "./cast.js";
import { Clip } from "./clip.js";
import { Concat } from "./concat.js";
import { Conv } from "./conv.js";
import { ConvTranspose } from "./convTranspose.js";
import { Cos } from "./cos.js";
import { Div } from "./div.js";
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
import { Identity } from "./identity.js";
import { LayerNormalization } from "./layerNormalization.js";
import { LeakyRelu } from "./leakyRelu.js";
import { Less } from "./less.js";
import { Log } from "./log.js";
import { MatMul } from "./matMul.js";
import { Max } from "./max.js";
import { MaxPool } from "./maxPool.js";
import { Min } from "./min.js";
import { Mul } from "./mul.js";
import { Neg } from "./neg.js";
import { Not } from "./not.js";
import { OneHot } from "./oneHot.js";
import { Pad } from "./pad.js";
import { Pow } from "./pow.js";
import { Reciprocal } from "./reciprocal.js";
import { ReduceLogSumExp } from "./reduceLogSumExp.js";
import { ReduceMax } from "./reduceMax.js";
import { ReduceMean } from "./reduceMean.js";
import { ReduceSum } from "./reduceSum.js";
import { Relu } from "./relu.js";
import { ReorderInput } from "./reorderInput.js";
import { ReorderOutput } from "./reorderOutput.js";
import { Reshape } from "./reshape.js";
import { Resize } from "./resize.js";
import { Sigmoid } from "./sigmoid.js";
import { Sin } from "./sin.js";
import { Slice } from "./slice.js";
import { Softmax } from "./softmax.js";
import { Softplus } from "./softplus.js";
import { Sqrt } from "./sqrt.js";
import { Squeeze } from "./squeeze.js";
import { Unsqueeze } from "./squeeze.js";
import { StopGradient } from "./stopGradient.js";
import { Sub } from "./sub.js";
import { Sum } from "./sum.js";
import { Tanh } from "./tanh.js";
import { TopK } from "./topK.js";
import { Transpose } from "./transpose.js";
import { Where } from "./where.js";

/** Every operator by its name. */
export const operators = {
  Abs,
  Add,
  ArgMax,
  AveragePool,
  BatchNormalization,
  BatchNormalizationOfBatch,
  BlockedConv,
  Cast,
  Clip,
  Concat,
  Conv,
  ConvTranspose,
  Cos,
  Div,
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
  Identity,
  LayerNormalization,
  LeakyRelu,
  Less,
  Log,
  MatMul,
  Max,
  MaxPool,
  Min,
  Mul,
  Neg,
  Not,
  OneHot,
  Pad,
  Pow,
  Reciprocal,
  ReduceLogSumExp,
  ReduceMax,
  ReduceMean,
  ReduceSum,
  Relu,
  ReorderInput,
  ReorderOutput,
  Reshape,
  Resize,
  Sigmoid,
  Sin,
  Slice,
  Softmax,
  Softplus,
  Sqrt,
  Squeeze,
  StopGradient,
  Sub,
  Sum,
  Tanh,
  TopK,
  Transpose,
  Unsqueeze,
  Where,
} as const satisfies Readonly<Record<string, Operator>>;

/** The name of an operator. */
export type OperatorName = keyof typeof operators;
