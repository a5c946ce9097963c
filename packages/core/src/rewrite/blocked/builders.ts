/**
 * Values that one blocked convolution computes: convolutions, their gradients by the input, and factors and offsets of channels, which
 * are what batch normalisation and its gradient come down to; the sum of such a value and another; and ReLU of any of these.
 */
import { inputOf } from "../../graph/ops/access.js";
import { Add } from "../../graph/ops/add.js";
import { Relu } from "../../graph/ops/relu.js";
import type { Value } from "../../graph/value.js";
import { affineBuilder } from "./affine.js";
import type { Builder } from "./builder.js";
import { convolutionBuilder } from "./convolution.js";
import { inputGradientBuilder, sparseSumBuilder } from "./inputGradient.js";
import type { Layout, Rule } from "./layout.js";

/** The rule of everything that has a builder. */
export const fused: Rule = (node, layout) => {
  const [output] = node.outputs;
  const builder = output && builderOf(output, layout);
  if (!builder) return false;
  layout.keepBlocked(output, builder.build({}));
  return true;
};

function builderOf(value: Value, layout: Layout): Builder | null {
  return (
    inputGradientBuilder(value, layout) ??
    convolutionBuilder(value, layout) ??
    affineBuilder(value, layout) ??
    sparseSumBuilder(value, layout) ??
    sumBuilder(value, layout) ??
    reluBuilder(value, layout)
  );
}

/** The builder of an operand that is made anew for its reader: once, or cheaply. */
function operandBuilder(value: Value, layout: Layout): Builder | null {
  const builder = builderOf(value, layout);
  return builder && (builder.isCheap || layout.readers(value) === 1) ? builder : null;
}

/** u + v of the same shape, where one of them has room for a summand, and the other can lie in the same blocks. */
function sumBuilder(value: Value, layout: Layout): Builder | null {
  const { node } = value;
  const shape = layout.shapeOf(value);
  if (node?.operator !== Add || !shape) return null;
  const [u, v] = [inputOf(node, 0), inputOf(node, 1)];
  if (u === v || u.dims.join() !== v.dims.join()) return null;
  if (![u, v].every((operand) => layout.shapeOf(operand)?.join() === shape.join())) return null;
  const candidates = [
    { builder: operandBuilder(u, layout), summand: v },
    { builder: operandBuilder(v, layout), summand: u },
  ];
  // The summand is overwritten in place where nothing else reads it.
  candidates.sort((a, b) => layout.readers(a.summand) - layout.readers(b.summand));
  const chosen = candidates.find(({ builder }) => builder?.room === "sum and activation");
  if (!chosen?.builder) return null;
  const { builder, summand } = chosen;
  return {
    room: "activation",
    isCheap: builder.isCheap,
    build: (extras) => builder.build({ ...extras, sum: layout.blocked(summand) }),
  };
}

function reluBuilder(value: Value, layout: Layout): Builder | null {
  const { node } = value;
  if (node?.operator !== Relu) return null;
  const builder = operandBuilder(inputOf(node, 0), layout);
  if (!builder || builder.room === "nothing") return null;
  return {
    room: "nothing",
    isCheap: builder.isCheap,
    build: () => builder.build({ activation: "relu" }),
  };
}
