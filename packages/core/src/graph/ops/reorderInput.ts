/**
 * Operator ReorderInput of ONNX Runtime's blocked domain: [N, C, H, W] or [N, H, W, C] into blocks of channels, with zeros behind the
 * last channel where it does not fill its block.
 */
import { int, ShapeProblem, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { at, number, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { blockedDomain, toBlocked, wholeBlocks } from "./blockedMemory.js";
import { floatOfRank } from "./reshape.js";
import { Transpose } from "./transpose.js";

export const ReorderInput: Operator = {
  name: "ReorderInput",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: { channels_last: "int", block: "note" },
  infer: (inputs, attributes) => {
    const shape = floatOfRank(inputs, 0, 4);
    const isLast = int(attributes, "channels_last", 0) === 1;
    const channels = number(at(shape, isLast ? 3 : 1));
    // What the engine's kernel takes.
    if (channels % 4 !== 0) throw new ShapeProblem(`${channels} channels are not a multiple of 4`);
    const size = isLast ? shape.slice(1, 3) : shape.slice(2);
    return [
      { dtype: "float32", shape: [at(shape, 0), wholeBlocks(channels, int(attributes, "block")), ...size] },
    ];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const isLast = int(attributes, "channels_last", 0) === 1;
    const [first = x] = isLast ? Transpose.reference([x], { perm: [0, 3, 1, 2] }) : [x];
    return [toBlocked(first, int(attributes, "block"))];
  },
  testPoints: [],
};

/** x float32 [N, C, H, W] in blocked memory, or [N, H, W, C] with `channelsLast`; C must be a multiple of 4. */
export function reorderInput(x: Value, block: number, channelsLast = false): Value {
  return apply(ReorderInput, [x], { block, ...(channelsLast ? { channels_last: 1 } : {}) });
}
