/** Layer normalisation over the last axis. */
import { expectArguments, kinds, layerNorm, type Value } from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context } from "../context.js";
import { ones, zeros } from "../initialisers.js";

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis of x.
 *
 * @param context the layer's own context; parameters `weight` and `bias`, both [E]
 * @param x float32 [..., E]
 * @param epsilon added to the variance; default 1e-5, as PyTorch
 * @source Ba, Kiros and Hinton 2016, equation 3; conventions of torch.nn.LayerNorm
 */
export function layerNormLayer(context: Context, x: Value, epsilon = 1e-5): Value {
  expectArguments("layerNormLayer", {
    context: [context, aContext],
    x: [x, aValue],
    epsilon: [epsilon, kinds.finite],
  });
  const width = x.size(x.rank - 1);
  const scale = context.parameter("weight", [width], ones);
  const bias = context.parameter("bias", [width], zeros);
  return context.scope(() => layerNorm(x, scale, bias, epsilon));
}
