/** Operator QuantizeLinear: floats as whole numbers of 8 or 16 bits. */
import { oalError } from "../../errors/index.js";
import { int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { toNumbers, type Dims, type DType, type Tensor } from "../tensor.js";
import type { Node, Value } from "../value.js";
import { at, axisOf, floatAt, flowing, inputOf, tensorAt } from "./access.js";
import { add } from "./add.js";
import { broadcastOffsets, tensorOf } from "./broadcasting.js";
import { cast } from "./cast.js";
import { div } from "./div.js";
import { greaterOrEqual } from "./greaterOrEqual.js";
import { lessOrEqualTo } from "./lessOrEqual.js";
import { mul } from "./mul.js";
import { reshape } from "./reshape.js";

/** The whole numbers of an element type. */
const ranges: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** The shape in which a scale or zero point stretches to x: one number, or one for every place along an axis. */
export function perAxis<D extends number | string>(
  shape: readonly D[],
  attributes: Attributes,
  rank: number,
): readonly (D | 1)[] {
  if (shape.length === 0 || (shape.length === 1 && shape[0] === 1)) return [];
  if (shape.length !== 1) throw new ShapeProblem("scales of blocks are not supported");
  const axis = axisOf(int(attributes, "axis", 1), rank);
  return Array.from({ length: rank }, (_, place) => (place === axis ? at(shape, 0) : 1));
}

/** Throws ShapeProblem where a scale or zero point does not stretch to x. */
export function checkSteps(x: Dims, steps: Dims, attributes: Attributes): void {
  const wanted = perAxis(steps, attributes, x.length);
  wanted.forEach((size, axis) => {
    if (size !== 1 && size !== x[axis])
      throw new ShapeProblem(`${size} scales do not fit the axis ${axis} of [${x.join(", ")}]`);
  });
}

/** For every element of x its scale or zero point. */
export function stepsOf(
  x: Tensor,
  steps: Tensor | null | undefined,
  attributes: Attributes,
): (place: number) => number {
  if (!steps) return () => 0;
  const numbers = toNumbers(steps);
  const places = broadcastOffsets(perAxis(steps.shape, attributes, x.shape.length), x.shape);
  return (place) => at(numbers, at(places, place));
}

/** An input of scales or zero points as a float that stretches to x; null where it is left out. */
export function stepsValue(node: Node, index: number, like: Value): Value | null {
  const steps = node.inputs[index];
  if (!steps) return null;
  return cast(reshape(steps, perAxis(steps.shape, node.attributes, inputOf(node, 0).rank)), like.dtype);
}

export const QuantizeLinear: Operator = {
  name: "QuantizeLinear",
  sinceOpset: 10,
  attributes: { axis: "int", saturate: "int" },
  newerAttributes: { axis: 13, saturate: 19 },
  infer: (inputs, attributes) => {
    const x = floatAt(inputs, 0);
    checkSteps(x.shape, floatAt(inputs, 1).shape, attributes);
    const dtype = inputs[2]?.dtype ?? "uint8";
    if (!ranges[dtype]) throw new ShapeProblem(`whole numbers of ${dtype} are not supported`);
    return [{ dtype, shape: x.shape }];
  },
  standsForFloats: true,
  // Straight through where nothing is cut off; the numbers it makes stand for those it was given.
  gradient: (node, outputGradients, wants) => {
    if (wants(1)) throw oalError("OAL-G103", { operator: "QuantizeLinear by its scale", path: node.path });
    const [x, dy] = [inputOf(node, 0), flowing(outputGradients)];
    const [low, high] = ranges[node.outputs[0]?.dtype ?? "uint8"] ?? [0, 255];
    const scale = stepsValue(node, 1, x);
    const zero = stepsValue(node, 2, x);
    const steps = scale ? div(x, scale) : x;
    const whole = zero ? add(steps, zero) : steps;
    const inside = mul(
      cast(greaterOrEqual(whole, low - 0.5), dy.dtype),
      cast(lessOrEqualTo(whole, high + 0.5), dy.dtype),
    );
    return [mul(dy, inside), null, null];
  },
  reference: (inputs, attributes) => {
    const [x, scale] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const dtype = inputs[2]?.dtype ?? "uint8";
    const [low, high] = ranges[dtype] ?? [0, 255];
    const [scaleAt, zeroAt] = [stepsOf(x, scale, attributes), stepsOf(x, inputs[2], attributes)];
    const values = toNumbers(x).map((element, place) => {
      const steps = Math.fround(element / scaleAt(place));
      const below = Math.floor(steps);
      const rounded = steps - below === 0.5 ? below + Math.abs(below % 2) : Math.round(steps);
      return Math.min(high, Math.max(low, rounded + zeroAt(place)));
    });
    return [tensorOf(dtype, x.shape, values)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 3], values: [-1, -0.25, 0, 0.3, 0.75, 40] },
        { dtype: "float32", shape: [], values: [0.1], constant: true },
        { dtype: "uint8", shape: [], values: [7], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 3], values: [-1, -0.25, 0, 0.3, 0.75, 40] },
        { dtype: "float32", shape: [2], values: [0.5, 0.25], constant: true },
        { dtype: "int8", shape: [2], values: [0, 1], constant: true },
      ],
      attributes: { axis: 0 },
    },
  ],
};
