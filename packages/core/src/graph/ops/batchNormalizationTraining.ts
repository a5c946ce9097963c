/**
 * Operator BatchNormalizationTraining: ONNX's BatchNormalization with training_mode = 1. The statistics are those of x itself; the
 * running ones come out beside y, moved by ONNX's rule: momentum * before + (1 - momentum) * batch, the variance of the batch
 * divided by its number of elements.
 */
import { float, int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { sizeOf, toNumbers, type Shape } from "../tensor.js";
import type { Node, Value } from "../value.js";
import { add } from "./add.js";
import { at, canBeEqual, floatAt, inputOf, outputOf, tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { reshape } from "./reshape.js";
import { sqrt } from "./sqrt.js";
import { sub } from "./sub.js";
import { sumOver } from "./sums.js";
import { expectArguments, kind } from "../../errors/index.js";

export const BatchNormalizationTraining: Operator = {
  name: "BatchNormalizationTraining",
  onnxType: "BatchNormalization",
  sinceOpset: 14,
  attributes: { epsilon: "float", momentum: "float", training_mode: "int" },
  infer: (inputs, attributes) => {
    if (int(attributes, "training_mode", 0) !== 1) throw new ShapeProblem("training_mode must be 1");
    const x = floatAt(inputs, 0);
    if (x.shape.length < 2) throw new ShapeProblem("input 0 needs at least two axes");
    const channels = at(floatAt(inputs, 1).shape, 0);
    if (!canBeEqual(at(x.shape, 1), channels))
      throw new ShapeProblem(`${at(x.shape, 1)} channels do not fit ${channels} scales`);
    for (let index = 1; index < 5; index++)
      if (floatAt(inputs, index).shape.join() !== String(channels))
        throw new ShapeProblem(`input ${index} must have shape [${channels}]`);
    return [x, floatAt(inputs, 3), floatAt(inputs, 4)];
  },
  gradient: (node, [dy, dMean, dVariance], wants) => {
    const [x, scale] = [inputOf(node, 0), inputOf(node, 1)];
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const share = at(x.shape, 1) / sizeOf(x.shape);
    const perChannel = (vector: Value): Value =>
      reshape(vector, [...vector.shape, ...axes.slice(1).map(() => 1)]);
    const meanOver = (value: Value): Value => mul(sumOver(value, axes), share);
    const centred = sub(x, perChannel(meanOver(x)));
    const inverse = reciprocal(
      sqrt(add(meanOver(mul(centred, centred)), float(node.attributes, "epsilon", 1e-5))),
    );
    const h = mul(centred, perChannel(inverse));
    const kept = float(node.attributes, "momentum", 0.9);
    const parts: Value[] = [];
    if (dy && wants(0)) {
      const inner = add(perChannel(meanOver(dy)), mul(h, perChannel(meanOver(mul(dy, h)))));
      parts.push(mul(perChannel(mul(scale, inverse)), sub(dy, inner)));
    }
    if (dMean && wants(0)) parts.push(add(mul(centred, 0), perChannel(mul(dMean, (1 - kept) * share))));
    if (dVariance && wants(0)) parts.push(mul(centred, perChannel(mul(dVariance, 2 * (1 - kept) * share))));
    return [
      parts.length > 0 ? parts.reduce((sum, part) => add(sum, part)) : null,
      dy && wants(1) ? sumOver(mul(dy, h), axes) : null,
      dy && wants(2) ? sumOver(dy, axes) : null,
      dMean && wants(3) ? mul(dMean, kept) : null,
      dVariance && wants(4) ? mul(dVariance, kept) : null,
    ];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const [scale = [], bias = [], meanBefore = [], varianceBefore = []] = [1, 2, 3, 4].map((index) =>
      toNumbers(tensorAt(inputs, index)),
    );
    const [channels, places] = [at(x.shape, 1), sizeOf(x.shape.slice(2))];
    const elements = toNumbers(x);
    const channelOf = (index: number): number => Math.floor(index / places) % channels;
    const count = elements.length / channels;
    const mean = new Float64Array(channels);
    elements.forEach((element, i) => (mean[channelOf(i)] = at(mean, channelOf(i)) + element / count));
    const variance = new Float64Array(channels);
    elements.forEach((element, i) => {
      const channel = channelOf(i);
      variance[channel] = at(variance, channel) + (element - at(mean, channel)) ** 2 / count;
    });
    const epsilon = float(attributes, "epsilon", 1e-5);
    const kept = float(attributes, "momentum", 0.9);
    const y = elements.map((element, i) => {
      const channel = channelOf(i);
      const h = (element - at(mean, channel)) / Math.sqrt(at(variance, channel) + epsilon);
      return h * at(scale, channel) + at(bias, channel);
    });
    const moved = (before: readonly number[], batch: Float64Array): number[] =>
      before.map((value, channel) => kept * value + (1 - kept) * at(batch, channel));
    return [
      tensorOf(x.dtype, x.shape, y),
      tensorOf(x.dtype, [channels], moved(meanBefore, mean)),
      tensorOf(x.dtype, [channels], moved(varianceBefore, variance)),
    ];
  },
  testPoints: [point([2, 2, 1, 2], { epsilon: 0.01, momentum: 0.8 }), point([3, 1], { epsilon: 0.01 })],
};

function point(shape: Shape, attributes: Attributes): Operator["testPoints"][number] {
  const channels = { dtype: "float32", shape: [at(shape, 1)] } as const;
  return {
    inputs: [{ dtype: "float32", shape }, channels, channels, channels, { ...channels, range: [0.5, 2] }],
    attributes: { training_mode: 1, ...attributes },
  };
}

const aTrainingNode = kind(
  "a BatchNormalization node in training",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    "operator" in value &&
    value.operator === BatchNormalizationTraining,
);

/**
 * The running variance after a step by PyTorch's rule, which takes the batch's variance divided by count - 1 where ONNX divides by
 * count; the running mean is the same under both. Needs the sizes of the batch as numbers.
 *
 * @param node a BatchNormalization of a file's training form
 * @returns [C], to be kept instead of the node's third output
 */
export function unbiasedRunningVariance(node: Node): Value {
  expectArguments("unbiasedRunningVariance", { node: [node, aTrainingNode] });
  const { shape } = inputOf(node, 0);
  const count = sizeOf(shape) / at(shape, 1);
  const before = mul(inputOf(node, 4), float(node.attributes, "momentum", 0.9));
  return add(before, mul(sub(outputOf(node, 2), before), count / (count - 1)));
}
