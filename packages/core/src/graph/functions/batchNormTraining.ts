/** Batch normalisation by the statistics of the batch itself, in few passes (ENGINE 5.1). */
import { aValue } from "../ops/operands.js";
import { expectArguments } from "../../errors/index.js";
import { apply } from "../ops/apply.js";
import { BatchNormalizationOfBatch } from "../ops/batchNormalization.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { sub } from "../ops/sub.js";
import { sumOver } from "../ops/sums.js";
import { sizeOf } from "../tensor.js";
import type { Value } from "../value.js";

/** A normalised batch and its statistics, which are functions of the batch like any other. */
export interface BatchNormResult {
  readonly y: Value;
  /** [C] */
  readonly mean: Value;
  /** [C], biased (divided by the number of elements); the running average wants count/(count - 1) times it. */
  readonly variance: Value;
  /** Elements per channel. */
  readonly count: number;
}

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + bias with mean and variance over all axes but the second. The
 * variance is the mean of (x - mean)^2, which keeps its digits however large |mean| is; E[x^2] - mean^2 would save one
 * pass over x and be 0 in float32 at |mean| > 3000 deviations.
 *
 * @param x float [N, C, ...]
 * @param scale [C]
 * @param bias [C]
 */
export function batchNormTraining(x: Value, scale: Value, bias: Value, epsilon = 1e-5): BatchNormResult {
  expectArguments("batchNormTraining", { x: [x, aValue], scale: [scale, aValue], bias: [bias, aValue] });
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const count = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  const mean = mul(sumOver(x, axes), 1 / count);
  const centred = sub(x, reshape(mean, [...mean.shape, ...axes.slice(1).map(() => 1)]));
  const variance = mul(sumOver(mul(centred, centred), axes), 1 / count);
  // The rule of this operator gives x the whole gradient, through the statistics too, in few passes.
  const y = apply(BatchNormalizationOfBatch, [x, scale, bias, mean, variance], { epsilon });
  return { y, mean, variance, count };
}
