/** Group normalisation: statistics of one sample, the same in training and evaluation. */
import { groupNorm, oalError, type Value, expectArguments, kinds } from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context } from "../context.js";
import { ones, zeros } from "../initialisers.js";

/**
 * Normalises groups of channels of each sample, then scales and shifts per channel. Wu and He 2018, equation 1.
 *
 * @param context the layer's own context; parameters `weight` and `bias`, both [C]
 * @param x float32 [N, C, ...]
 * @param groups must divide C
 * @param epsilon added to the variance; default 1e-5, as PyTorch
 */
export function groupNormLayer(context: Context, x: Value, groups: number, epsilon = 1e-5): Value {
  expectArguments("groupNormLayer", {
    context: [context, aContext],
    x: [x, aValue],
    groups: [groups, kinds.positiveCount],
    epsilon: [epsilon, kinds.finite],
  });
  const channels = x.size(1);
  if (channels % groups !== 0) {
    throw oalError("OAL-G101", {
      operator: "group normalisation",
      path: context.graph.path,
      problem: `${groups} groups do not divide ${channels} channels`,
    });
  }
  const scale = context.parameter("weight", [channels], ones);
  const bias = context.parameter("bias", [channels], zeros);
  return context.scope(() => groupNorm(x, groups, scale, bias, epsilon));
}
