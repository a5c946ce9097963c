/** Operator MaxPool on images; no Indices output, which WebGPU lacks (ENGINE 8.1). */
import { aValue, windowOptions } from "./operands.js";
import { expectArguments } from "../../errors/index.js";
import { type Attributes, type Operator, type TestPoint } from "../operator.js";
import type { Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at, flowing, inputOf, outputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { maxPoolGradient } from "./maxPoolGradient.js";
import { pool, poolAttributes, poolNode, type PoolOptions } from "./pooling.js";
import { floatOfRank } from "./reshape.js";
import { gridDims, isCeil, windowsOf } from "./windows.js";

export const MaxPool: Operator = {
  name: "MaxPool",
  sinceOpset: 12,
  attributes: { ...poolAttributes, storage_order: "int" },
  infer: (inputs, attributes) => {
    const shape = floatOfRank(inputs, 0, 4);
    const grid = gridDims(attributes, shape);
    return [{ dtype: inputs[0]?.dtype ?? "float32", shape: [at(shape, 0), at(shape, 1), ...grid] }];
  },
  gradient: (node, dy) => [
    maxPoolGradient(
      inputOf(node, 0),
      outputOf(node, 0),
      flowing(dy),
      windowsOf(node.attributes, inputOf(node, 0).dims),
    ),
  ],
  reference: (inputs, attributes) => [
    pool(
      tensorAt(inputs, 0),
      windowsOf(attributes, tensorAt(inputs, 0).shape),
      isCeil(attributes),
      (elements) => elements.reduce((a, b) => Math.max(a, b), -Infinity),
    ),
  ],
  testPoints: [
    point([2, 2, 4, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
    point([1, 2, 5, 7], { kernel_shape: [2, 2], strides: [2, 2] }),
    point([1, 2, 6, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    point([1, 1, 5, 5], { kernel_shape: [3, 3] }),
    point([1, 2, 8, 6], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
    point([1, 1, 6, 7], { kernel_shape: [2, 2], dilations: [2, 2] }),
    point([2, 3, 3, 3], { kernel_shape: [3, 3] }),
    point([1, 1, 6, 5], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" }),
    point([1, 1, 4, 4], { kernel_shape: [2, 2], auto_pad: "VALID" }),
  ],
};

/** A shuffled range: no two elements are closer than 0.1, so that no finite difference changes a winner. */
function point(shape: Shape, attributes: Attributes): TestPoint {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: count }, (_, i) => (((i * 7919) % 10007) % count) * 0.1 + i * 1e-4);
  const ranks = [...values].map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value);
  ranks.forEach(({ i }, rank) => (values[i] = (rank - count / 2) * 0.1));
  return { inputs: [{ dtype: "float32", shape, values }], attributes };
}

/** Largest element of every window of [N, C, H, W]; padding counts as -infinity, ties share the gradient. */
export function maxPool2d(x: Value, options: PoolOptions): Value {
  expectArguments("maxPool2d", { x: [x, aValue], options: [options, windowOptions] });
  return apply(MaxPool, [x], poolNode(options));
}
