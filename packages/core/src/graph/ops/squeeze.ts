/** Operators Squeeze and Unsqueeze of files that are read; oal's own graphs take Reshape (`squeeze` and `unsqueeze` in reshape.ts). */
import { elementsAt } from "../elements.js";
import { ShapeProblem, type GradientRule, type Operator } from "../operator.js";
import { toNumbers, type Dim, type Dims } from "../tensor.js";
import { axisOf, at, flowing, inputOf, knownAt, numbers, tensorAt, typeAt } from "./access.js";
import { reshape } from "./reshape.js";

const gradient: GradientRule = (node, dy) => [reshape(flowing(dy), inputOf(node, 0).dims), null];

export const Squeeze: Operator = {
  name: "Squeeze",
  sinceOpset: 13,
  attributes: {},
  infer: (inputs, _attributes, constants) => {
    const { dtype, shape } = typeAt(inputs, 0);
    return [{ dtype, shape: squeezed(shape, inputs[1] ? knownAt(constants, 1, "axes") : null) }];
  },
  elements: (inputs) => [elementsAt(inputs, 0)],
  gradient,
  reference: (inputs) => {
    const { dtype, shape, data } = tensorAt(inputs, 0);
    return [{ dtype, data, shape: numbers(squeezed(shape, inputs[1] ? toNumbers(inputs[1]) : null)) }];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 1, 3, 1] },
        { dtype: "int64", shape: [1], values: [-3], constant: true },
      ],
    },
    { inputs: [{ dtype: "float32", shape: [1, 2, 1] }] },
  ],
};

export const Unsqueeze: Operator = {
  name: "Unsqueeze",
  sinceOpset: 13,
  attributes: {},
  infer: (inputs, _attributes, constants) => {
    const { dtype, shape } = typeAt(inputs, 0);
    return [{ dtype, shape: unsqueezed(shape, knownAt(constants, 1, "axes")) }];
  },
  elements: (inputs) => [elementsAt(inputs, 0)],
  gradient,
  reference: (inputs) => {
    const { dtype, shape, data } = tensorAt(inputs, 0);
    return [{ dtype, data, shape: numbers(unsqueezed(shape, toNumbers(tensorAt(inputs, 1)))) }];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 3] },
        { dtype: "int64", shape: [2], values: [-1, 0], constant: true },
      ],
    },
  ],
};

/** Without these axes, which have size 1; without all of size 1 when none are named. */
function squeezed(shape: Dims, axes: readonly number[] | null): Dims {
  if (!axes) {
    // An open size may turn out to be 1, and its axis would go too.
    numbers(shape);
    return shape.filter((size) => size !== 1);
  }
  const gone = axes.map((axis) => axisOf(axis, shape.length));
  for (const axis of gone)
    if (at(shape, axis) !== 1)
      throw new ShapeProblem(`axis ${axis} of [${shape.join(", ")}] is not of size 1`);
  return shape.filter((_, axis) => !gone.includes(axis));
}

/** With axes of size 1 at these places of the result. */
function unsqueezed(shape: Dims, axes: readonly number[]): Dims {
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  if (added.size !== axes.length) throw new ShapeProblem(`axes [${axes.join(", ")}] name one place twice`);
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis): Dim => (added.has(axis) ? 1 : (rest.shift() ?? 1)));
}
