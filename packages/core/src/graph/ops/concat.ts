/** Operator Concat: joins values along an axis. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { int, ShapeProblem, type Operator } from "../operator.js";
import { sumOf } from "../dims.js";
import { movedElements } from "../elements.js";
import { sizeOf, type Dims } from "../tensor.js";
import type { Value } from "../value.js";
import { axisOf, flowing, numbers, sizeAt, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { slice } from "./slice.js";

export const Concat: Operator = {
  name: "Concat",
  sinceOpset: 11,
  attributes: { axis: "int" },
  infer: (inputs, attributes) => {
    const types = inputs.map((_, index) => typeAt(inputs, index));
    const { dtype, shape } = typeAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis"), shape.length);
    for (const type of types)
      if (type.dtype !== dtype) throw new ShapeProblem(`element types differ: ${dtype} and ${type.dtype}`);
    return [
      {
        dtype,
        shape: joined(
          types.map((type) => type.shape),
          axis,
        ),
      },
    ];
  },
  elements: (inputs, attributes) => movedElements(Concat, inputs, attributes, () => true),
  gradient: (node, outputGradients, wants) => {
    const dy = flowing(outputGradients);
    const axis = axisOf(int(node.attributes, "axis"), dy.rank);
    let start = 0;
    return node.inputs.map((input, index) => {
      const size = input ? input.size(axis) : 0;
      start += size;
      return size === 0 || !wants(index) ? null : slice(dy, [start - size], [start], [axis]);
    });
  },
  reference: (inputs, attributes) => {
    const tensors = inputs.map((_, index) => tensorAt(inputs, index));
    const first = tensorAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis"), first.shape.length);
    const shape = numbers(
      joined(
        tensors.map((tensor) => tensor.shape),
        axis,
      ),
    );
    const values: number[] = [];
    for (let row = 0; row < sizeOf(shape.slice(0, axis)); row++) {
      for (const tensor of tensors) {
        const length = sizeOf(tensor.shape.slice(axis));
        for (let i = 0; i < length; i++) values.push(Number(tensor.data[row * length + i]));
      }
    }
    return [tensorOf(first.dtype, shape, values)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 3] },
        { dtype: "float32", shape: [2, 1] },
      ],
      attributes: { axis: -1 },
    },
    {
      inputs: [
        { dtype: "float32", shape: [1, 2, 2] },
        { dtype: "float32", shape: [2, 2, 2] },
        { dtype: "float32", shape: [1, 2, 2] },
      ],
      attributes: { axis: 0 },
    },
  ],
};

/** Beside the axis all sizes are one: of an open and a known one the known, of two open ones the shorter text. */
function joined(shapes: readonly Dims[], axis: number): Dims {
  const [first = []] = shapes;
  return first.map((_, place) => {
    const sizes = shapes.map((shape) => sizeAt(shape, place));
    if (place === axis) return sumOf(sizes);
    return sizes.reduce((a, b) => {
      const areOther = typeof a === "number" && typeof b === "number" && a !== b;
      if (areOther || shapes.some((shape) => shape.length !== first.length)) {
        const texts = shapes.map(
          (shape) => `[${shape.map((size, i) => (i === axis ? "*" : size)).join(", ")}]`,
        );
        throw new ShapeProblem(`${texts.join(" and ")} do not join`);
      }
      if (typeof a === "number") return a;
      return typeof b === "number" || b.length < a.length ? b : a;
    });
  });
}

/** Values that agree except along `axis`, one behind the other. */
export function concat(values: readonly Value[], axis: number): Value {
  expectArguments("concat", { values: [values, kinds.listOf(aValue)], axis: [axis, kinds.integer] });
  const [first] = values;
  return first && values.length === 1 ? first : apply(Concat, values, { axis });
}
