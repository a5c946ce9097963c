/** Operator ConvTranspose on images: the adjoint of Conv. */
import { aValue, windowOptions } from "./operands.js";
import { expectArguments } from "../../errors/index.js";
import { int, ints, ShapeProblem, type Attributes, type Operator, type TestPoint } from "../operator.js";
import { productOf, sumOf } from "../dims.js";
import type { Dim, Dims, Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at, canBeEqual, flowing, inputOf, numbers, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { conv2d, type ConvOptions } from "./conv.js";
import { convWeightGradient } from "./convWeightGradient.js";
import { floatOfRank } from "./reshape.js";
import { slice } from "./slice.js";
import { sumOver } from "./sums.js";
import { pairOf, spanOf, windowAttributes, windowNode, windowsOf, type PairLike } from "./windows.js";

export const ConvTranspose: Operator = {
  name: "ConvTranspose",
  sinceOpset: 11,
  attributes: { ...windowAttributes, group: "int", output_padding: "ints" },
  infer: (inputs, attributes) => {
    const [x, weight] = [floatOfRank(inputs, 0, 4), numbers(floatOfRank(inputs, 1, 4))];
    const group = int(attributes, "group", 1);
    if (!canBeEqual(at(x, 1), at(weight, 0)) || at(weight, 0) % group !== 0) {
      throw new ShapeProblem(
        `${at(x, 1)} channels do not fit the weight [${weight.join(", ")}] in ${group} groups`,
      );
    }
    const bias = inputs[2];
    const shape = resultShape(x, weight, attributes);
    if (bias && bias.shape.join() !== String(shape[1]))
      throw new ShapeProblem(`bias must have shape [${shape[1]}]`);
    return [{ dtype: inputs[0]?.dtype ?? "float32", shape }];
  },
  gradient: (node, outputGradients, wants) => {
    const [x, weight, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const windows = windowsOf(node.attributes, null, weight.shape.slice(2));
    const group = int(node.attributes, "group", 1);
    const inputGradient = (): Value => {
      const dx = conv2d(dy, weight, null, { ...windows, group });
      return dx.dims.join() === x.dims.join() ? dx : slice(dx, [0, 0], [x.size(2), x.size(3)], [2, 3]);
    };
    return [
      wants(0) ? inputGradient() : null,
      wants(1) ? convWeightGradient(dy, x, windows, group) : null,
      wants(2) ? sumOver(dy, [0, 2, 3]) : null,
    ];
  },
  reference: (inputs, attributes) => {
    const [x, weight] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const { strides, dilations, pads, kernel } = windowsOf(attributes, null, weight.shape.slice(2));
    const shape = numbers(resultShape(x.shape, weight.shape, attributes));
    const [images, channels, rows, columns] = [
      at(x.shape, 0),
      at(x.shape, 1),
      at(x.shape, 2),
      at(x.shape, 3),
    ];
    const [outs, height, width] = [at(shape, 1), at(shape, 2), at(shape, 3)];
    const perGroup = at(weight.shape, 1);
    const inPerGroup = channels / int(attributes, "group", 1);
    const values = new Float64Array(images * outs * height * width);
    const bias = inputs[2];
    if (bias)
      values.forEach((_, i) => (values[i] = Number(bias.data[Math.floor(i / height / width) % outs])));
    for (let position = 0; position < x.data.length; position++) {
      const column = position % columns;
      const row = Math.floor(position / columns) % rows;
      const channel = Math.floor(position / columns / rows) % channels;
      const image = Math.floor(position / columns / rows / channels);
      for (let o = 0; o < perGroup; o++) {
        const out = Math.floor(channel / inPerGroup) * perGroup + o;
        for (let i = 0; i < kernel[0]; i++) {
          const h = row * strides[0] + i * dilations[0] - pads[0];
          for (let j = 0; j < kernel[1]; j++) {
            const w = column * strides[1] + j * dilations[1] - pads[1];
            if (h < 0 || h >= height || w < 0 || w >= width) continue;
            const tap = Number(weight.data[((channel * perGroup + o) * kernel[0] + i) * kernel[1] + j]);
            const target = ((image * outs + out) * height + h) * width + w;
            values[target] = (values[target] ?? 0) + tap * Number(x.data[position]);
          }
        }
      }
    }
    return [tensorOf(x.dtype, shape, values)];
  },
  testPoints: [
    point([2, 3, 3, 4], [3, 2, 2, 2], true, { strides: [2, 2] }),
    point([1, 2, 3, 3], [2, 3, 3, 3], false, { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }),
    point([1, 4, 3, 3], [4, 2, 3, 3], true, { group: 2, pads: [1, 1, 1, 1] }),
    point([1, 2, 3, 3], [2, 1, 3, 3], false, { strides: [2, 1], dilations: [2, 1], pads: [1, 0, 1, 0] }),
  ],
};

function resultShape(x: Dims, weight: Shape, attributes: Attributes): Dims {
  const windows = windowsOf(attributes, null, weight.slice(2));
  const extra = pairOf(ints(attributes, "output_padding", [0, 0]));
  const size = (axis: 0 | 1): Dim =>
    sumOf([
      productOf([sumOf([at(x, axis + 2), -1]), windows.strides[axis]]),
      spanOf(windows, axis) + extra[axis] - windows.pads[axis] - windows.pads[axis === 0 ? 2 : 3],
    ]);
  return [at(x, 0), at(weight, 1) * int(attributes, "group", 1), size(0), size(1)];
}

function point(x: Shape, weight: Shape, bias: boolean, attributes: Attributes): TestPoint {
  const outs = at(weight, 1) * int(attributes, "group", 1);
  const shapes = [x, weight, ...(bias ? [[outs]] : [])];
  return { inputs: shapes.map((shape) => ({ dtype: "float32", shape })), attributes };
}

/** Options of {@link convTranspose2d}. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Rows and columns added at the end, smaller than the stride. Default 0. */
  readonly outputPadding?: PairLike;
}

/**
 * Transposed convolution: the map whose matrix is the transpose of {@link conv2d}'s.
 *
 * @param x float32 [N, C, H, W]
 * @param weight float32 [C, O/group, KH, KW]
 * @param bias float32 [O] or null
 * @returns float32 [N, O, H', W'], H' = (H - 1) stride + dilation (KH - 1) + 1 + outputPadding - padding
 */
export function convTranspose2d(
  x: Value,
  weight: Value,
  bias: Value | null = null,
  options: ConvTransposeOptions = {},
): Value {
  expectArguments("convTranspose2d", {
    x: [x, aValue],
    weight: [weight, aValue],
    options: [options, windowOptions],
  });
  const attributes: Record<string, number | readonly number[]> = windowNode({
    strides: options.strides,
    dilations: options.dilations,
    pads: options.pads,
  });
  if (options.group !== undefined && options.group !== 1) attributes["group"] = options.group;
  if (options.outputPadding !== undefined) attributes["output_padding"] = [...pairOf(options.outputPadding)];
  return apply(ConvTranspose, [x, weight, bias], attributes);
}
