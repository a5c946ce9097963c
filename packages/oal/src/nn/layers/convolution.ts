/** The two-dimensional convolution layer. */
import { conv2d, oalError, type Dim, type Value, expectArguments, kinds } from "oal-core";
import { aContext, aValue } from "../arguments.js";
import type { Context, ParameterOptions } from "../context.js";
import { defaultBias, defaultWeight, type Initializer } from "../initialisers.js";

/** Choices of a convolution layer. */
export interface ConvolutionOptions {
  readonly outputs: number;
  /** Height and width of the window, in pixels. */
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on each side, in pixels. Default 0. */
  readonly padding?: number;
  /**
   * Rows and columns at the end that make the result no multiple of this are not computed, where less padding does that: for a pool of
   * this stride, which would drop them. Default 1.
   */
  readonly multiple?: number;
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly init?: Initializer | undefined;
  readonly biasInit?: Initializer;
  /** How the weight is trained. */
  readonly weight?: ParameterOptions;
}

const convolutionOptions = kinds.fields({
  outputs: kinds.positiveCount,
  kernel: kinds.positiveCount,
  stride: kinds.optional(kinds.positiveCount),
  padding: kinds.optional(kinds.count),
  multiple: kinds.optional(kinds.positiveCount),
  groups: kinds.optional(kinds.positiveCount),
});

/**
 * Cross-correlation as PyTorch's Conv2d.
 *
 * @param context the layer's own context; parameters `weight` [outputs, channels / groups, kernel, kernel] and `bias` [outputs]
 * @param x float32 [N, channels, H, W]
 * @returns float32 [N, outputs, H', W'], H' = floor((H + 2 padding - kernel) / stride) + 1, less what `multiple` cuts
 */
export function convolutionLayer(context: Context, x: Value, options: ConvolutionOptions): Value {
  expectArguments("convolutionLayer", {
    context: [context, aContext],
    x: [x, aValue],
    options: [options, convolutionOptions],
  });
  const { outputs, kernel, stride = 1, padding = 0, multiple = 1, groups = 1 } = options;
  const channels = x.rank === 4 ? x.size(1) : 0;
  if (x.rank !== 4 || channels % groups !== 0) {
    throw oalError("OAL-G101", {
      operator: "convolution layer",
      path: context.graph.path,
      problem: `needs [N, C, H, W] with C divisible by ${groups}, found [${x.dims.join(", ")}]`,
    });
  }
  const shape = [outputs, channels / groups, kernel, kernel];
  const weight = context.parameter("weight", shape, options.init ?? defaultWeight, options.weight);
  const bias =
    options.bias === false
      ? null
      : context.parameter("bias", [outputs], options.biasInit ?? defaultBias(shape));
  const endPadding = (size: Dim | undefined): number => {
    if (typeof size !== "number") return padding;
    const cut = stride * ((Math.floor((size + 2 * padding - kernel) / stride) + 1) % multiple);
    return cut > padding ? padding : padding - cut;
  };
  const [, , height, width] = x.dims;
  return context.scope(() =>
    conv2d(x, weight, bias, {
      strides: [stride, stride],
      pads: [padding, padding, endPadding(height), endPadding(width)],
      group: groups,
    }),
  );
}
