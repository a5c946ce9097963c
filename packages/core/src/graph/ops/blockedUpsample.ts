/** Operator Upsample of ONNX Runtime's blocked domain: every pixel of a blocked tensor repeated as a rectangle. */
import { ints, ShapeProblem, type Operator } from "../operator.js";
import type { Value } from "../value.js";
import { at, number, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { blockedDomain, blockedShape } from "./blockedMemory.js";
import { pick } from "./broadcasting.js";
import { int } from "../operator.js";
import type { Pair } from "./windows.js";

export const BlockedUpsample: Operator = {
  name: "BlockedUpsample",
  onnxType: "Upsample",
  domain: blockedDomain,
  sinceOpset: 1,
  attributes: { scales: "ints", block: "note" },
  infer: (inputs, attributes) => {
    const shape = blockedShape(inputs, 0, attributes);
    const scales = ints(attributes, "scales");
    if (scales.length !== 4 || scales[0] !== 1 || scales[1] !== 1)
      throw new ShapeProblem(`only rows and columns are repeated, not by [${scales.join(", ")}]`);
    return [{ dtype: "float32", shape: shape.map((size, axis) => number(size) * at(scales, axis)) }];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const block = int(attributes, "block");
    const [, , down = 1, right = 1] = ints(attributes, "scales");
    const shape = x.shape.map((size, axis) => (axis === 2 ? size * down : axis === 3 ? size * right : size));
    const [rows, columns] = [at(shape, 2), at(shape, 3)];
    const picks = new Int32Array(x.data.length * down * right).map((_, position) => {
      const lane = position % block;
      const column = Math.floor(position / block) % columns;
      const row = Math.floor(position / block / columns) % rows;
      const plane = Math.floor(position / block / columns / rows);
      const from = (plane * at(x.shape, 2) + Math.floor(row / down)) * at(x.shape, 3);
      return (from + Math.floor(column / right)) * block + lane;
    });
    return [pick(x, shape, picks)];
  },
  testPoints: [],
};

/** Blocked [N, C, H, W] to [N, C, H * rows, W * columns]. */
export function blockedUpsample(x: Value, block: number, [rows, columns]: Pair): Value {
  return apply(BlockedUpsample, [x], { scales: [1, 1, rows, columns], block });
}
