/** Operator ReorderOutput of ONNX Runtime's blocked domain: a blocked tensor back to [N, C, H, W] or [N, H, W, C]. CPU only. */
import { int, ShapeProblem, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { at, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";
import { blockedDomain } from "./reorderInput.js";
import { floatOfRank } from "./reshape.js";

export const ReorderOutput: Operator = {
  name: "ReorderOutput",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: { channels: "int", channels_last: "int", block: "note" },
  infer: (inputs, attributes) => {
    const shape = floatOfRank(inputs, 0, 4);
    const channels = int(attributes, "channels");
    if (channels !== at(shape, 1) || channels % int(attributes, "block") !== 0) {
      throw new ShapeProblem(`${channels} channels asked of ${at(shape, 1)}`);
    }
    const [images, , rows, columns] = [at(shape, 0), 0, at(shape, 2), at(shape, 3)];
    const last = int(attributes, "channels_last", 0) === 1;
    return [
      {
        dtype: "float32",
        shape: last ? [images, rows, columns, channels] : [images, channels, rows, columns],
      },
    ];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const block = int(attributes, "block");
    const [images, channels, rows, columns] = [
      at(x.shape, 0),
      at(x.shape, 1),
      at(x.shape, 2),
      at(x.shape, 3),
    ];
    const places = rows * columns;
    const whole = channels * places;
    if (int(attributes, "channels_last", 0) === 1) {
      const walk = [images, places, channels / block, block];
      return [pick(x, [images, rows, columns, channels], offsets(walk, [whole, block, block * places, 1]))];
    }
    const walk = [images, channels / block, block, places];
    return [pick(x, x.shape, offsets(walk, [whole, block * places, 1, block]))];
  },
  testPoints: [],
};

/** A blocked tensor in ordinary memory: [N, C, H, W], or [N, H, W, C] with `channelsLast`. */
export function reorderOutput(x: Value, block: number, channelsLast = false): Value {
  return apply(ReorderOutput, [x], {
    channels: at(x.shape, 1),
    block,
    ...(channelsLast ? { channels_last: 1 } : {}),
  });
}
