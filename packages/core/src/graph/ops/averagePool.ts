/** Operator AveragePool on images. */
import { aValue, windowOptions } from "./operands.js";
import { expectArguments } from "../../errors/index.js";
import { int, type Attributes, type Operator, type TestPoint } from "../operator.js";
import { productOf } from "../dims.js";
import { sizeOf, toNumbers, type Dims, type Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at, flowing, imageShape, inputOf, number, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { convTranspose2d } from "./convTranspose.js";
import { isTiling } from "./maxPoolGradient.js";
import { mul } from "./mul.js";
import { pad } from "./pad.js";
import { pool, poolAttributes, poolNode, type PoolOptions } from "./pooling.js";
import { floatOfRank, reshape } from "./reshape.js";
import { repeatBlocks } from "./resize.js";
import { gridDims, isCeil, windowsOf, type Windows } from "./windows.js";

export const AveragePool: Operator = {
  name: "AveragePool",
  sinceOpset: 11,
  attributes: { ...poolAttributes, count_include_pad: "int" },
  newerAttributes: { ceil_mode: 19, dilations: 19 },
  infer: (inputs, attributes) => {
    const shape = floatOfRank(inputs, 0, 4);
    const grid = gridDims(attributes, shape);
    return [{ dtype: inputs[0]?.dtype ?? "float32", shape: [at(shape, 0), at(shape, 1), ...grid] }];
  },
  gradient: (node, outputGradients) => {
    const [x, dy] = [inputOf(node, 0), flowing(outputGradients)];
    const shape = imageShape(x);
    const windows = windowsOf(node.attributes, shape);
    const [height, width] = [at(shape, 2), at(shape, 3)];
    if (isTiling(windows, shape, imageShape(dy))) {
      const blocks = repeatBlocks(mul(dy, 1 / sizeOf(windows.kernel)), windows.kernel);
      return [pad(blocks, [0, 0, 0, 0, 0, 0, height - blocks.size(2), width - blocks.size(3)])];
    }
    return [scattered(dy, x.dims, windows, windowShares(shape, node.attributes))];
  },
  reference: (inputs, attributes) => [
    pool(
      tensorAt(inputs, 0),
      windowsOf(attributes, tensorAt(inputs, 0).shape),
      isCeil(attributes),
      (elements, paddedCount) => {
        const count = int(attributes, "count_include_pad", 0) === 1 ? paddedCount : elements.length;
        return elements.reduce((sum, x) => sum + x, 0) / count;
      },
    ),
  ],
  testPoints: [
    point([2, 2, 4, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
    point([1, 2, 5, 7], { kernel_shape: [2, 2], strides: [2, 2] }),
    point([1, 2, 6, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    point([1, 2, 6, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 }),
    point([1, 1, 5, 5], { kernel_shape: [3, 2] }),
    point([1, 1, 5, 6], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_LOWER" }),
  ],
};

function point(shape: Shape, attributes: Attributes): TestPoint {
  return { inputs: [{ dtype: "float32", shape }], attributes };
}

/** 1 / (elements that count) for every window, [1, 1, H', W'] row-major. */
function windowShares(shape: Shape, attributes: Attributes): number[] {
  const ones = tensorOf(
    "float32",
    [1, 1, at(shape, 2), at(shape, 3)],
    new Float32Array(sizeOf(shape.slice(2))).fill(1),
  );
  const isPadded = int(attributes, "count_include_pad", 0) === 1;
  const counts = pool(ones, windowsOf(attributes, shape), isCeil(attributes), (elements, padded) =>
    isPadded ? padded : elements.length,
  );
  return toNumbers(counts).map((count) => 1 / count);
}

/** Overlapping windows: a transposed convolution with ones, every channel as an image of its own. */
function scattered(dy: Value, dims: Dims, windows: Windows, shares: readonly number[]): Value {
  const { graph } = dy;
  const [rows, columns] = [dy.size(2), dy.size(3)];
  const weighted = mul(dy, graph.constant(tensorOf(dy.dtype, [rows, columns], shares)));
  const planes = reshape(weighted, [productOf(dy.dims.slice(0, 2)), 1, rows, columns]);
  const ones = graph.constant(
    tensorOf(dy.dtype, [1, 1, ...windows.kernel], new Float32Array(sizeOf(windows.kernel)).fill(1)),
  );
  const { strides, dilations, pads } = windows;
  const wide = convTranspose2d(planes, ones, null, { strides, dilations });
  const [height, width] = [number(at(dims, 2)), number(at(dims, 3))];
  const cropped = pad(wide, [
    0,
    0,
    -pads[0],
    -pads[1],
    0,
    0,
    height + pads[0] - wide.size(2),
    width + pads[1] - wide.size(3),
  ]);
  return reshape(cropped, dims);
}

/** Mean of every window of [N, C, H, W]; padding counts as zeros, as in PyTorch, unless countIncludePad is false. */
export function averagePool2d(
  x: Value,
  options: PoolOptions & { readonly countIncludePad?: boolean },
): Value {
  expectArguments("averagePool2d", { x: [x, aValue], options: [options, windowOptions] });
  return apply(AveragePool, [x], {
    ...poolNode(options),
    count_include_pad: options.countIncludePad === false ? 0 : 1,
  });
}
