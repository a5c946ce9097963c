/** Operator Split: the parts of a value along an axis. */
import { movedElements } from "../elements.js";
import { int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { stridesOf, toNumbers, type Tensor } from "../tensor.js";
import { at, axisOf, inputOf, knownAt, number, outputOf, tensorAt, typeAt } from "./access.js";
import { scalarOf } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";
import { concat } from "./concat.js";
import { expand } from "./expand.js";

export const Split: Operator = {
  name: "Split",
  sinceOpset: 13,
  attributes: { axis: "int", num_outputs: "int" },
  newerAttributes: { num_outputs: 18 },
  infer: (inputs, attributes, constants) => {
    const { dtype, shape } = typeAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", 0), shape.length);
    const given = inputs[1] ? knownAt(constants, 1, "split") : null;
    const parts = partsOf(number(at(shape, axis)), given, attributes);
    return parts.map((part) => ({
      dtype,
      shape: shape.map((size, place) => (place === axis ? part : size)),
    }));
  },
  elements: (inputs, attributes) => movedElements(Split, inputs, attributes),
  gradient: (node, outputGradients) => {
    const x = inputOf(node, 0);
    const axis = int(node.attributes, "axis", 0);
    const parts = node.outputs.map(
      (_, index) =>
        outputGradients[index] ?? expand(scalarOf(x.graph, 0, x.dtype), outputOf(node, index).shape),
    );
    return [concat(parts, axis), null];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", 0), x.shape.length);
    const parts = partsOf(at(x.shape, axis), inputs[1] ? toNumbers(inputs[1]) : null, attributes);
    let start = 0;
    return parts.map((part): Tensor => {
      const shape = x.shape.map((size, place) => (place === axis ? part : size));
      const first = start * at(stridesOf(x.shape), axis);
      start += part;
      return pick(x, shape, offsets(shape, stridesOf(x.shape), first));
    });
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 5] },
        { dtype: "int64", shape: [3], values: [1, 3, 1], constant: true },
      ],
      attributes: { axis: -1 },
    },
    {
      inputs: [
        { dtype: "float32", shape: [4, 3] },
        { dtype: "int64", shape: [2], values: [2, 2], constant: true },
      ],
    },
  ],
};

/** The sizes of the parts: as given, or as many equal ones as are asked for, the last one smaller where they do not fit. */
function partsOf(size: number, given: readonly number[] | null, attributes: Attributes): readonly number[] {
  const count = int(attributes, "num_outputs", 0);
  if (!given && count < 1) throw new ShapeProblem("neither parts nor their number are given");
  const part = Math.ceil(size / count);
  const parts =
    given ?? Array.from({ length: count }, (_, index) => Math.max(0, Math.min(part, size - index * part)));
  if (parts.some((length) => length < 0) || parts.reduce((sum, length) => sum + length, 0) !== size)
    throw new ShapeProblem(`parts [${parts.join(", ")}] do not make up the size ${size}`);
  return parts;
}
