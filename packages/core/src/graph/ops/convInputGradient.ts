/** Gradient of a convolution by its input, in the formulations that are fast in ONNX Runtime (ENGINE 3.1). */
import { Composite } from "../composite.js";
import type { Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at, imageShape } from "./access.js";
import { conv2d } from "./conv.js";
import { convTranspose2d } from "./convTranspose.js";
import { pad } from "./pad.js";
import { flip } from "./slice.js";
import { transpose } from "./transpose.js";
import { spanOf, type Windows } from "./windows.js";

/** dX of an ungrouped convolution, given dY. */
export const inputGradients = new Composite<{
  readonly dy: Value;
  readonly weight: Value;
  /** Of dX: [N, C, H, W]; N is 1 where the number of images is open. */
  readonly shape: Shape;
  readonly windows: Windows;
}>();

/** dX [N, C, H, W] from dY and the weight. */
export function convInputGradient(
  dy: Value,
  weight: Value,
  shape: Shape,
  windows: Windows,
  group: number,
): Value {
  const gradient = formulated(dy, weight, shape, windows, group);
  return group === 1 ? inputGradients.mark(gradient, { dy, weight, shape, windows }) : gradient;
}

function formulated(dy: Value, weight: Value, shape: Shape, windows: Windows, group: number): Value {
  const { strides } = windows;
  if (group === 1 && strides[0] === 1 && strides[1] === 1) return flippedConv(dy, weight, windows);
  return convTranspose2d(dy, weight, null, {
    ...windows,
    group,
    outputPadding: remainders(imageShape(dy), shape, windows),
  });
}

/** Stride 1: a convolution of dY with the kernel turned by half a turn and its channel axes swapped; 2 times ConvTranspose. */
function flippedConv(dy: Value, weight: Value, windows: Windows): Value {
  const [top, left, bottom, right] = windows.pads;
  const [rows, columns] = [spanOf(windows, 0) - 1, spanOf(windows, 1) - 1];
  const wanted = [rows - top, columns - left, rows - bottom, columns - right];
  const turned = flip(transpose(weight, [1, 0, 2, 3]), [2, 3]);
  const dx = conv2d(dy, turned, null, {
    dilations: windows.dilations,
    pads: wanted.map((amount) => Math.max(0, amount)),
  });
  const crop = wanted.map((amount) => Math.min(0, amount));
  return pad(dx, [0, 0, ...crop.slice(0, 2), 0, 0, ...crop.slice(2)]);
}

/** Rows and columns at the end that no window reached. */
function remainders(dy: Shape, shape: Shape, windows: Windows): [number, number] {
  const { strides, pads } = windows;
  const end = (axis: 0 | 1): number => (at(dy, axis + 2) - 1) * strides[axis] + spanOf(windows, axis);
  return [at(shape, 2) - end(0) + pads[0] + pads[2], at(shape, 3) - end(1) + pads[1] + pads[3]];
}
