// Gradient rules as a first implementation would write them: dX as ConvTranspose, dW as a convolution whose batch and
// channel axes are swapped, the mask of ReLU by Greater and Cast. The bench compares oal's formulations with these.
import {
  cast,
  conv2d,
  convTranspose2d,
  greater,
  mul,
  operators,
  slice,
  transpose,
} from "../packages/core/dist/index.js";

/** Both directions of a Conv without groups. */
function convolution(node, [dy], wants) {
  const [x, weight, bias] = node.inputs;
  const { strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0] } = node.attributes;
  const [rows, columns] = weight.shape.slice(2);
  const reached = (axis) =>
    (dy.shape[axis + 2] - 1) * strides[axis] +
    (weight.shape[axis + 2] - 1) * dilations[axis] +
    1 -
    pads[axis] -
    pads[axis + 2];
  const outputPadding = [0, 1].map((axis) => x.shape[axis + 2] - reached(axis));
  const dx = wants(0) ? convTranspose2d(dy, weight, null, { strides, dilations, pads, outputPadding }) : null;
  const swapped = conv2d(transpose(x, [1, 0, 2, 3]), transpose(dy, [1, 0, 2, 3]), null, {
    strides: dilations,
    dilations: strides,
    pads,
  });
  const dw = transpose(slice(swapped, [0, 0], [rows, columns], [2, 3]), [1, 0, 2, 3]);
  if (bias) throw new Error("the bench has no convolutions with a bias");
  return [dx, dw, null];
}

/** The rules by operator. */
export const naiveRules = new Map([
  [operators.Conv, convolution],
  [operators.Relu, (node, [dy]) => [mul(cast(greater(node.inputs[0], 0), "float32"), dy)]],
]);
