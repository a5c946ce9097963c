/** Batch normalisation over all axes but the second, for [N, C] and [N, C, H, W] alike. */
import {
  add,
  batchNormInference,
  batchNormTraining,
  float32Tensor,
  mul,
  oalError,
  sizeOf,
  sub,
  type Operand,
  type Value,
  expectArguments,
  kinds,
} from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context, ParameterOptions } from "../context.js";
import { ones, zeros } from "../initialisers.js";

/** Choices of batch normalisation. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Weight of the new batch in the running statistics. Default 0.1; 1 / k in the k-th batch gives the plain average. */
  readonly momentum?: Operand;
  /** False for no learned scale. Default true. */
  readonly scale?: boolean;
  /** How the bias is trained. */
  readonly bias?: ParameterOptions;
}

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias per channel.
 *
 * Training takes the biased statistics of the batch and moves the running ones: r = (1 - momentum) r + momentum batch, with the
 * unbiased variance; otherwise the running ones normalise.
 *
 * @param context the layer's own context; parameters `weight` and `bias`, buffers `running_mean` and `running_var`, all [C]
 * @param x float32 [N, C, ...]
 * @throws OAL-G101 in training with one value per channel
 * @source Ioffe and Szegedy 2015, algorithms 1 and 2; conventions of torch.nn.BatchNorm2d
 */
export function batchNormLayer(context: Context, x: Value, options: BatchNormOptions = {}): Value {
  expectArguments("batchNormLayer", {
    context: [context, aContext],
    x: [x, aValue],
    options: [options, kinds.record],
  });
  const { epsilon = 1e-5, momentum = 0.1 } = options;
  const channels = x.size(1);
  const scale =
    options.scale === false
      ? context.graph.constant(float32Tensor([channels], new Float32Array(channels).fill(1)))
      : context.parameter("weight", [channels], ones);
  const bias = context.parameter("bias", [channels], zeros, options.bias);
  const runningMean = context.buffer("running_mean", [channels], zeros);
  const runningVariance = context.buffer("running_var", [channels], ones);
  return context.scope(() => {
    if (!context.training) return batchNormInference(x, scale, bias, runningMean, runningVariance, epsilon);
    const count = sizeOf(x.shape) / Math.max(1, channels);
    if (count < 2) {
      throw oalError("OAL-G101", {
        operator: "batch normalisation",
        path: context.graph.path,
        problem: "training needs more than one value per channel",
      });
    }
    const { y, mean, variance } = batchNormTraining(x, scale, bias, epsilon);
    const kept = typeof momentum === "number" ? 1 - momentum : sub(1, momentum);
    context.updateBuffer("running_mean", add(mul(runningMean, kept), mul(mean, momentum)));
    context.updateBuffer(
      "running_var",
      add(mul(runningVariance, kept), mul(mul(variance, count / (count - 1)), momentum)),
    );
    return y;
  });
}
