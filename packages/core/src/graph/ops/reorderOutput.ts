/** Operator ReorderOutput of ONNX Runtime's blocked domain: a blocked tensor back to [N, C, H, W] or [N, H, W, C]. */
import { int, ShapeProblem, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { at, number, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { blockedDomain, blockedShape, toPlain, wholeBlocks } from "./blockedMemory.js";
import { Transpose } from "./transpose.js";

export const ReorderOutput: Operator = {
  name: "ReorderOutput",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: { channels: "int", channels_last: "int", block: "note" },
  infer: (inputs, attributes) => {
    const shape = blockedShape(inputs, 0, attributes);
    const channels = int(attributes, "channels");
    const whole = number(at(shape, 1));
    if (channels < 1 || wholeBlocks(channels, int(attributes, "block")) !== whole)
      throw new ShapeProblem(`${channels} channels asked of ${whole}`);
    const [images, rows, columns] = [at(shape, 0), at(shape, 2), at(shape, 3)];
    const isLast = int(attributes, "channels_last", 0) === 1;
    return [
      {
        dtype: "float32",
        shape: isLast ? [images, rows, columns, channels] : [images, channels, rows, columns],
      },
    ];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const plain = toPlain(tensorAt(inputs, 0), int(attributes, "block"), int(attributes, "channels"));
    const isLast = int(attributes, "channels_last", 0) === 1;
    return isLast ? Transpose.reference([plain], { perm: [0, 2, 3, 1] }) : [plain];
  },
  testPoints: [],
};

/**
 * A blocked tensor in ordinary memory.
 *
 * @param options.channels how many of its channels there are without the zeros behind the last. Default all
 * @param options.channelsLast [N, H, W, C] instead of [N, C, H, W]
 */
export function reorderOutput(
  x: Value,
  block: number,
  options: { readonly channels?: number; readonly channelsLast?: boolean } = {},
): Value {
  const { channels = x.size(1), channelsLast = false } = options;
  return apply(ReorderOutput, [x], { channels, block, ...(channelsLast ? { channels_last: 1 } : {}) });
}
