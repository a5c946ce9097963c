/**
 * Operators BatchNormalization (given statistics) and BatchNormalizationOfBatch (the statistics are those of x itself).
 * Both are the same one-pass affine for the engine and differ in the gradient by x; the layer that computes the
 * statistics is functions/batchNormTraining.ts.
 */
import { oalError } from "../../errors/index.js";
import { float, int, ShapeProblem, type Attributes, type GradientRule, type Operator } from "../operator.js";
import { sizeOf, toNumbers, type Tensor, type ValueType } from "../tensor.js";
import type { Node, Value } from "../value.js";
import { add } from "./add.js";
import { at, canBeEqual, floatAt, flowing, inputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { reciprocal } from "./reciprocal.js";
import { reshape } from "./reshape.js";
import { sqrt } from "./sqrt.js";
import { sub } from "./sub.js";
import { sumOver } from "./sums.js";

const epsilonOf = (node: Node): number => float(node.attributes, "epsilon", 1e-5);

function infer(inputs: readonly (ValueType | null)[], attributes: Attributes): readonly ValueType[] {
  if (int(attributes, "training_mode", 0) !== 0) throw new ShapeProblem("training_mode is not supported");
  const x = floatAt(inputs, 0);
  if (x.shape.length < 2) throw new ShapeProblem("input 0 needs at least two axes");
  const channels = at(floatAt(inputs, 1).shape, 0);
  if (!canBeEqual(at(x.shape, 1), channels))
    throw new ShapeProblem(`${at(x.shape, 1)} channels do not fit ${channels} scales`);
  for (let index = 1; index < 5; index++) {
    const { shape } = floatAt(inputs, index);
    if (shape.join() !== String(channels))
      throw new ShapeProblem(`input ${index} must have shape [${channels}]`);
  }
  return [x];
}

function reference(inputs: readonly (Tensor | null)[], epsilon: number): readonly Tensor[] {
  const [x, ...vectors] = [0, 1, 2, 3, 4].map((index) => tensorAt(inputs, index));
  if (!x) return [];
  const [channels, places] = [at(x.shape, 1), sizeOf(x.shape.slice(2))];
  const values = toNumbers(x).map((element, i) => {
    const channel = Math.floor(i / places) % channels;
    const [scale = 0, bias = 0, mean = 0, variance = 0] = vectors.map((vector) =>
      Number(vector.data[channel]),
    );
    return ((element - mean) * scale) / Math.sqrt(variance + epsilon) + bias;
  });
  return [tensorOf(x.dtype, x.shape, values)];
}

/** What both gradients need: 1/std, and the sums over a channel of dy and of dy (x - mean)/std. */
function sums(node: Node, dy: Value): { inverse: Value; shift: Value; stretch: Value } {
  const [x, mean] = [inputOf(node, 0), inputOf(node, 3)];
  const inverse = inverseOf(node);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const shift = sumOver(dy, axes);
  return { inverse, shift, stretch: mul(sub(sumOver(mul(dy, x), axes), mul(mean, shift)), inverse) };
}

function inverseOf(node: Node): Value {
  return reciprocal(sqrt(add(inputOf(node, 4), epsilonOf(node))));
}

const inferenceGradient: GradientRule = (node, outputGradients, wants) => {
  const [x, scale, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
  const byInput = (inverse: Value): Value => mul(dy, perChannel(mul(scale, inverse), x.rank));
  if (![1, 2, 3, 4].some(wants)) return [byInput(inverseOf(node)), null, null, null, null];
  const { inverse, shift, stretch } = sums(node, dy);
  const slope = mul(scale, inverse);
  return [
    wants(0) ? byInput(inverse) : null,
    stretch,
    shift,
    wants(3) ? neg(mul(slope, shift)) : null,
    wants(4) ? mul(mul(mul(slope, inverse), stretch), -0.5) : null,
  ];
};

/**
 * dx = a dy + k1 x + k0 with a = scale/std, k1 = -a stretch/(M std), k0 = -a shift/M - k1 mean (ENGINE 5.1): an affine
 * pass over dy, a scaled x and a sum, instead of the chain through mean and variance. It is the whole derivative by x:
 * mean and variance receive nothing, but as functions of x they make the derivative of this formula right in turn.
 */
const batchGradient: GradientRule = (node, outputGradients, wants) => {
  const [x, scale, mean, dy] = [
    inputOf(node, 0),
    inputOf(node, 1),
    inputOf(node, 3),
    flowing(outputGradients),
  ];
  // Statistics that vary without x are not those of x.
  if (!wants(0) && (wants(3) || wants(4))) {
    throw oalError("OAL-G103", { operator: `${node.operator.name} by its statistics`, path: node.path });
  }
  const { inverse, shift, stretch } = sums(node, dy);
  if (!wants(0)) return [null, stretch, shift, null, null];
  const count = sizeOf(x.shape) / at(x.shape, 1);
  const slope = mul(scale, inverse);
  const k1 = mul(mul(mul(slope, inverse), stretch), -1 / count);
  const k0 = sub(mul(mul(slope, shift), -1 / count), mul(k1, mean));
  return [add(affine(dy, slope, k0), mul(x, perChannel(k1, x.rank))), stretch, shift, null, null];
};

/** a x + b per channel as one pass: BatchNormalization with mean 0 and variance 1. */
function affine(x: Value, a: Value, b: Value): Value {
  const channels = at(x.shape, 1);
  const { graph } = x;
  const zeros = graph.constant(tensorOf(x.dtype, [channels], []));
  const ones = graph.constant(tensorOf(x.dtype, [channels], new Float32Array(channels).fill(1)));
  return batchNormInference(x, a, b, zeros, ones, 0);
}

function perChannel(vector: Value, rank: number): Value {
  return reshape(vector, [...vector.shape, ...Array.from({ length: rank - 2 }, () => 1)]);
}

const statistics = [
  { dtype: "float32", shape: [3] },
  { dtype: "float32", shape: [3] },
  { dtype: "float32", shape: [3] },
  { dtype: "float32", shape: [3], range: [0.5, 2] },
] as const;

export const BatchNormalization: Operator = {
  name: "BatchNormalization",
  sinceOpset: 9,
  attributes: { epsilon: "float", momentum: "float", training_mode: "int" },
  infer,
  gradient: inferenceGradient,
  reference: (inputs, attributes) => reference(inputs, float(attributes, "epsilon", 1e-5)),
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [2, 3, 2, 2] }, ...statistics] },
    { inputs: [{ dtype: "float32", shape: [4, 3] }, ...statistics], attributes: { epsilon: 0.1 } },
  ],
};

export const BatchNormalizationOfBatch: Operator = {
  ...BatchNormalization,
  name: "BatchNormalizationOfBatch",
  onnxType: "BatchNormalization",
  gradient: batchGradient,
};

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + bias per channel, in one pass.
 *
 * @param x float32 [N, C, ...]; the other operands are float32 [C]
 */
export function batchNormInference(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  epsilon = 1e-5,
): Value {
  return apply(BatchNormalization, [x, scale, bias, mean, variance], { epsilon });
}
