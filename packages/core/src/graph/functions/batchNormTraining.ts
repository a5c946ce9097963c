/** Batch normalisation by the statistics of the batch itself, in few passes (ENGINE 5.1). */
import { apply } from "../ops/apply.js";
import { mul } from "../ops/mul.js";
import { relu } from "../ops/relu.js";
import { stopGradient } from "../ops/stopGradient.js";
import { sub } from "../ops/sub.js";
import { sumOver } from "../ops/sums.js";
import { sizeOf } from "../tensor.js";
import type { Value } from "../value.js";

/** A normalised batch and its statistics, which carry no gradient of their own (they feed running averages). */
export interface BatchNormResult {
  readonly y: Value;
  /** float32 [C] */
  readonly mean: Value;
  /** float32 [C], biased (divided by the number of elements); the running average wants count/(count - 1) times it. */
  readonly variance: Value;
  /** Elements per channel. */
  readonly count: number;
}

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + bias with mean and variance over all axes but the second. The
 * variance is E[x^2] - mean^2, not below 0: it loses digits when |mean| is much larger than the deviation.
 *
 * @param x float32 [N, C, ...]
 * @param scale, bias float32 [C]
 */
export function batchNormTraining(x: Value, scale: Value, bias: Value, epsilon = 1e-5): BatchNormResult {
  const fixed = stopGradient(x);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const count = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  const mean = mul(sumOver(fixed, axes), 1 / count);
  const square = mul(sumOver(mul(fixed, fixed), axes), 1 / count);
  const variance = relu(sub(square, mul(mean, mean)));
  const y = apply("BatchNormalizationOfBatch", [x, scale, bias, mean, variance], { epsilon });
  return { y, mean, variance, count };
}
