/** Operator Conv on images; its gradients are in convInputGradient.ts and convWeightGradient.ts. */
import { aValue, windowOptions } from "./operands.js";
import { expectArguments } from "../../errors/index.js";
import { int, ShapeProblem, type Attributes, type Operator, type TestPoint } from "../operator.js";
import type { Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at, canBeEqual, flowing, imageShape, inputOf, numbers, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { convInputGradient } from "./convInputGradient.js";
import { convWeightGradient } from "./convWeightGradient.js";
import { floatOfRank } from "./reshape.js";
import { sumOver } from "./sums.js";
import { gridDims, gridOf, windowAttributes, windowNode, windowsOf, type PairLike } from "./windows.js";

export const Conv: Operator = {
  name: "Conv",
  sinceOpset: 11,
  attributes: { ...windowAttributes, group: "int" },
  infer: (inputs, attributes) => {
    const [x, weight] = [floatOfRank(inputs, 0, 4), numbers(floatOfRank(inputs, 1, 4))];
    const group = int(attributes, "group", 1);
    const channels = at(weight, 0);
    if (!canBeEqual(at(x, 1), at(weight, 1) * group) || channels % group !== 0) {
      throw new ShapeProblem(
        `${at(x, 1)} channels do not fit the weight [${weight.join(", ")}] in ${group} groups`,
      );
    }
    const bias = inputs[2];
    if (bias && bias.shape.join() !== String(channels))
      throw new ShapeProblem(`bias must have shape [${channels}]`);
    const grid = gridDims(attributes, x, weight.slice(2));
    return [{ dtype: inputs[0]?.dtype ?? "float32", shape: [at(x, 0), channels, ...grid] }];
  },
  gradient: (node, outputGradients, wants) => {
    const [x, weight, dy] = [inputOf(node, 0), inputOf(node, 1), flowing(outputGradients)];
    const windows = windowsOf(node.attributes, imageShape(x), weight.shape.slice(2));
    const group = int(node.attributes, "group", 1);
    return [
      wants(0) ? convInputGradient(dy, weight, imageShape(x), windows, group) : null,
      wants(1) ? convWeightGradient(x, dy, windows, group) : null,
      wants(2) ? sumOver(dy, [0, 2, 3]) : null,
    ];
  },
  reference: (inputs, attributes) => {
    const [x, weight] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const { strides, dilations, pads, kernel } = windowsOf(attributes, x.shape, weight.shape.slice(2));
    const [rows, columns] = gridOf({ strides, dilations, pads, kernel }, x.shape);
    const [images, channels, height, width] = [
      at(x.shape, 0),
      at(x.shape, 1),
      at(x.shape, 2),
      at(x.shape, 3),
    ];
    const [outChannels, perGroup] = [at(weight.shape, 0), at(weight.shape, 1)];
    const outPerGroup = outChannels / int(attributes, "group", 1);
    const values = new Float64Array(images * outChannels * rows * columns);
    for (let position = 0; position < values.length; position++) {
      const column = position % columns;
      const row = Math.floor(position / columns) % rows;
      const out = Math.floor(position / columns / rows) % outChannels;
      const image = Math.floor(position / columns / rows / outChannels);
      let sum = inputs[2] ? Number(inputs[2].data[out]) : 0;
      for (let c = 0; c < perGroup; c++) {
        const channel = Math.floor(out / outPerGroup) * perGroup + c;
        for (let i = 0; i < kernel[0]; i++) {
          const h = row * strides[0] + i * dilations[0] - pads[0];
          for (let j = 0; j < kernel[1]; j++) {
            const w = column * strides[1] + j * dilations[1] - pads[1];
            if (h < 0 || h >= height || w < 0 || w >= width) continue;
            const tap = Number(weight.data[((out * perGroup + c) * kernel[0] + i) * kernel[1] + j]);
            sum += tap * Number(x.data[((image * channels + channel) * height + h) * width + w]);
          }
        }
      }
      values[position] = sum;
    }
    return [tensorOf(x.dtype, [images, outChannels, rows, columns], values)];
  },
  testPoints: [
    point([2, 3, 5, 4], [4, 3, 3, 3], true, { pads: [1, 1, 1, 1] }),
    point([1, 2, 5, 5], [3, 2, 3, 3], false, {}),
    point([2, 3, 4, 4], [2, 3, 1, 1], false, {}),
    point([2, 2, 5, 4], [3, 2, 1, 1], false, { strides: [2, 2] }),
    point([2, 2, 6, 5], [2, 2, 3, 3], false, { pads: [1, 1, 1, 1], strides: [2, 2] }),
    point([1, 4, 4, 5], [6, 2, 3, 2], true, { group: 2, pads: [1, 0, 1, 1] }),
    point([1, 3, 6, 6], [3, 1, 3, 3], false, { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
    point([1, 2, 7, 6], [2, 2, 3, 2], false, { dilations: [2, 1], pads: [2, 1, 0, 0] }),
    point([1, 1, 8, 7], [2, 1, 3, 3], false, { strides: [3, 3] }),
    point([1, 2, 6, 5], [2, 2, 3, 3], false, { strides: [2, 2], auto_pad: "SAME_UPPER" }),
    point([1, 2, 6, 5], [2, 2, 2, 3], true, {
      auto_pad: "SAME_LOWER",
      kernel_shape: [2, 3],
    }),
    point([1, 1, 3, 3], [2, 1, 2, 2], false, { pads: [2, 3, 2, 1] }),
    point([2, 4, 3, 3], [4, 4, 6, 6], false, { strides: [2, 2], pads: [3, 3, 3, 3] }),
    point([1, 9, 7, 7], [2, 9, 6, 5], false, { strides: [1, 2], pads: [2, 2, 2, 2] }),
    point([2, 1, 3, 2], [128, 1, 3, 3], false, { pads: [1, 1, 1, 1] }),
  ],
};

function point(x: Shape, weight: Shape, bias: boolean, attributes: Attributes): TestPoint {
  const inputs = [x, weight, ...(bias ? [weight.slice(0, 1)] : [])];
  return { inputs: inputs.map((shape) => ({ dtype: "float32", shape })), attributes };
}

/** Options of {@link conv2d}; a single number means both image axes. */
export interface ConvOptions {
  readonly strides?: PairLike;
  /** One number, [rows, columns] or [top, left, bottom, right]. Default 0. */
  readonly pads?: PairLike;
  readonly dilations?: PairLike;
  readonly group?: number;
}

/**
 * Convolution (cross-correlation) of images.
 *
 * @param x float32 [N, C, H, W]
 * @param weight float32 [O, C/group, KH, KW]
 * @param bias float32 [O] or null
 * @returns float32 [N, O, H', W'], H' = floor((H + padding - dilation (KH - 1) - 1) / stride) + 1
 * @throws OAL-G101 when channels or sizes do not fit
 */
export function conv2d(x: Value, weight: Value, bias: Value | null = null, options: ConvOptions = {}): Value {
  expectArguments("conv2d", { x: [x, aValue], weight: [weight, aValue], options: [options, windowOptions] });
  const attributes: Record<string, number | readonly number[]> = windowNode(options);
  if (options.group !== undefined && options.group !== 1) attributes["group"] = options.group;
  return apply(Conv, [x, weight, bias], attributes);
}
