/** The dense layer. */
import {
  expectArguments,
  float32Tensor,
  type Head,
  kinds,
  linear,
  mul,
  oalError,
  productOf,
  reshape,
  type Value,
} from "oal-core";
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
  if (x.rank < 2) {
    throw oalError("OAL-G101", {
      operator: "linear layer",
      path: context.graph.path,
      problem: `needs rank 2 or more, found ${x.rank}`,
    });
  }
  const inputs = x.size(x.rank - 1);
  const weightShape = [outputs, inputs];
  const weight = context.parameter("weight", weightShape, options.init ?? defaultWeight);
  const bias =
    options.bias === false
      ? undefined
      : context.parameter("bias", [outputs], options.biasInit ?? defaultBias(weightShape));
  return context.scope(() => {
    if (x.rank === 2) return linear(x, weight, bias);
    const rows = x.dims.slice(0, -1);
    const flat = reshape(x, [productOf(rows), inputs]);
    return reshape(linear(flat, weight, bias), [...rows, outputs]);
  });
}

/**
 * A dense layer as the last one of a classifier: its parameters as values, and the layer as a function.
 *
 * @param context the layer's own context, as {@link linearLayer} takes it
 * @param inputs,outputs widths d and C
 * @param scale the layer's outputs are multiplied by it. Default 1
 */
export function denseHead(
  context: Context,
  inputs: number,
  outputs: number,
  { scale = 1, ...options }: LinearOptions & { readonly scale?: number } = {},
): Head {
  expectArguments("denseHead", {
    context: [context, aContext],
    inputs: [inputs, kinds.positiveCount],
    outputs: [outputs, kinds.positiveCount],
    scale: [scale, kinds.finite],
  });
  const scaled = (value: Value): Value => (scale === 1 ? value : mul(value, scale));
  const shape = [outputs, inputs];
  return {
    // Values are made when they are asked for: most graphs need none of them beside the logits.
    get weight() {
      return context.scope(() => scaled(context.parameter("weight", shape, options.init ?? defaultWeight)));
    },
    get bias() {
      if (options.bias === false)
        return context.graph.constant(float32Tensor([outputs], new Float32Array(outputs)));
      const init = options.biasInit ?? defaultBias(shape);
      return context.scope(() => scaled(context.parameter("bias", [outputs], init)));
    },
    apply: (features) => {
      const logits = linearLayer(context, features, outputs, options);
      return scale === 1 ? logits : context.scope(() => mul(logits, scale));
    },
  };
}
