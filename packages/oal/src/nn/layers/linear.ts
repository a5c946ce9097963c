/** The dense layer. */
import { linear, oalError, reshape, type Value, expectArguments, kinds } from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context } from "../context.js";
import { defaultBias, defaultWeight, type Initializer } from "../initialisers.js";

/** Choices of a dense layer. */
export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Start of the weights. Default PyTorch's. */
  readonly init?: Initializer;
  /** Start of the bias. Default PyTorch's. */
  readonly biasInit?: Initializer;
}

/**
 * y = x W^T + b over the last axis.
 *
 * @param context the layer's own context; parameters `weight` [outputs, inputs] and `bias` [outputs]
 * @param x float32 [..., inputs]
 * @returns float32 [..., outputs]
 */
export function linearLayer(context: Context, x: Value, outputs: number, options: LinearOptions = {}): Value {
  expectArguments("linearLayer", {
    context: [context, aContext],
    x: [x, aValue],
    outputs: [outputs, kinds.positiveCount],
    options: [options, kinds.record],
  });
  const inputs = x.shape.at(-1);
  if (inputs === undefined || x.rank < 2) {
    throw oalError("OAL-G101", {
      operator: "linear layer",
      path: context.graph.path,
      problem: `needs rank 2 or more, found ${x.rank}`,
    });
  }
  const weightShape = [outputs, inputs];
  const weight = context.parameter("weight", weightShape, options.init ?? defaultWeight);
  const bias =
    options.bias === false
      ? undefined
      : context.parameter("bias", [outputs], options.biasInit ?? defaultBias(weightShape));
  return context.scope(() => {
    if (x.rank === 2) return linear(x, weight, bias);
    const rows = x.shape.slice(0, -1);
    const flat = reshape(x, [rows.reduce((product, size) => product * size, 1), inputs]);
    return reshape(linear(flat, weight, bias), [...rows, outputs]);
  });
}
