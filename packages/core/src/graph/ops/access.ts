/** Checked access to the inputs of shape rules, gradient rules and references. */
import { oalError } from "../../errors/index.js";
import { tensorOfKnown } from "../elements.js";
import { ShapeProblem } from "../operator.js";
import {
  computedTypes,
  toNumbers,
  type Dim,
  type Dims,
  type Shape,
  type Tensor,
  type ValueType,
} from "../tensor.js";
import type { Node, Value } from "../value.js";

/** The type of a required input, of an element type that oal computes with. */
export function typeAt(inputs: readonly (ValueType | null)[], index: number): ValueType {
  const type = inputs[index];
  if (!type) throw new ShapeProblem(`input ${index} is missing`);
  if (!computedTypes.includes(type.dtype))
    throw new ShapeProblem(`input ${index} is ${type.dtype}, which oal holds but does not compute with`);
  return type;
}

/** The type of a required float input. */
export function floatAt(inputs: readonly (ValueType | null)[], index: number): ValueType {
  const type = typeAt(inputs, index);
  if (type.dtype !== "float32" && type.dtype !== "float64") {
    throw new ShapeProblem(`input ${index} must be float32 or float64, it is ${type.dtype}`);
  }
  return type;
}

/** The type of a required input of floats or signed integers. */
export function signedAt(inputs: readonly (ValueType | null)[], index: number): ValueType {
  const type = typeAt(inputs, index);
  if (type.dtype === "bool" || type.dtype === "uint8")
    throw new ShapeProblem(`input ${index} must be of floats or signed integers, it is ${type.dtype}`);
  return type;
}

/**
 * The sizes of axes in a shape rule that needs numbers.
 *
 * @throws ShapeProblem when one is open, naming it
 */
export function numbers(dims: Dims): Shape {
  return dims.map(number);
}

/**
 * The sizes of images [N, C, H, W] for rules that look at the image axes only: an open number of images counts as 1.
 *
 * @throws OAL-G114 when another axis is open
 */
export function imageShape(images: Value): Shape {
  return images.dims.map((size, axis) => (axis === 0 && typeof size === "string" ? 1 : images.size(axis)));
}

/** The size of one axis in a shape rule that needs a number. Throws as {@link numbers}. */
export function number(size: Dim): number {
  if (typeof size === "number") return size;
  throw new ShapeProblem(`the open size "${size}" must be a number here`);
}

/**
 * Whether two sizes that must be one can be: an open one is whatever the other is, or the model could not run.
 */
export function canBeEqual(a: Dim, b: Dim): boolean {
  return a === b || typeof a === "string" || typeof b === "string";
}

/** The whole numbers of an input that must be known when the graph is built. */
export function knownAt(constants: readonly (Tensor | null)[], index: number, what: string): number[] {
  const tensor = constants[index];
  if (!tensor) throw new ShapeProblem(`${what} (input ${index}) must be a constant`);
  return toNumbers(tensor);
}

/** The whole numbers or open sizes of an input that must be known when the graph is built. */
export function sizesAt(elements: readonly (Dims | null)[], index: number, what: string): Dims {
  const sizes = elements[index];
  if (!sizes) throw new ShapeProblem(`${what} (input ${index}) must be a constant`);
  return sizes;
}

/** A required tensor of a reference. */
export function tensorAt(inputs: readonly (Tensor | null)[], index: number): Tensor {
  const tensor = inputs[index];
  if (!tensor) throw oalError("OAL-X101", { problem: `reference input ${index} is missing` });
  return tensor;
}

/** A required input of a node. */
export function inputOf(node: Node, index: number): Value {
  const value = node.inputs[index];
  if (!value) throw oalError("OAL-X101", { problem: `${node.operator.name} has no input ${index}` });
  return value;
}

/** An output of a node. */
export function outputOf(node: Node, index: number): Value {
  const value = node.outputs[index];
  if (!value) throw oalError("OAL-X101", { problem: `${node.operator.name} has no output ${index}` });
  return value;
}

/** The gradient of a one-output node's output; the walker calls a rule only when it flows. */
export function flowing(outputGradients: readonly (Value | null)[]): Value {
  const [gradient] = outputGradients;
  if (!gradient) throw oalError("OAL-X101", { problem: "gradient rule called without a gradient" });
  return gradient;
}

/** The whole numbers of a constant input of a node (axes, pads). */
export function constantOf(node: Node, index: number): number[] {
  const tensor = tensorOfKnown(inputOf(node, index));
  if (!tensor)
    throw oalError("OAL-X101", { problem: `${node.operator.name} input ${index} is not constant` });
  return toNumbers(tensor);
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank) {
    throw new ShapeProblem(`axis ${axis} is outside rank ${rank}`);
  }
  return positive;
}

/** One size of a shape; the index must exist. */
export function sizeAt<D extends Dim>(shape: readonly D[], axis: number): D {
  const size = shape[axis];
  if (size === undefined) throw new ShapeProblem(`axis ${axis} is outside shape [${shape.join(", ")}]`);
  return size;
}

/** An element of a list that is known to be long enough. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const element = list[index];
  if (element === undefined) throw oalError("OAL-X101", { problem: `index ${index} of ${list.length}` });
  return element;
}
