/** Operator Gather: slices along an axis by index. */
import { movedElements } from "../elements.js";
import { int, ShapeProblem, type Operator } from "../operator.js";
import { sizeOf, type Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { at, axisOf, flowing, inputOf, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { pick } from "./broadcasting.js";
import { scatterSlices } from "./scatter.js";

export const Gather: Operator = {
  name: "Gather",
  sinceOpset: 11,
  attributes: { axis: "int" },
  infer: (inputs, attributes) => {
    const [x, indices] = [typeAt(inputs, 0), typeAt(inputs, 1)];
    if (!indices.dtype.startsWith("int"))
      throw new ShapeProblem(`indices must be int32 or int64, they are ${indices.dtype}`);
    return [
      {
        dtype: x.dtype,
        shape: gathered(x.shape, indices.shape, axisOf(int(attributes, "axis", 0), x.shape.length)),
      },
    ];
  },
  elements: (inputs, attributes) => movedElements(Gather, inputs, attributes),
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const axis = axisOf(int(node.attributes, "axis", 0), x.rank);
    return [scatterSlices(flowing(dy), inputOf(node, 1), x.shape, axis), null];
  },
  reference: (inputs, attributes) => {
    const [x, indices] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const axis = axisOf(int(attributes, "axis", 0), x.shape.length);
    const length = at(x.shape, axis);
    const inner = sizeOf(x.shape.slice(axis + 1));
    const picks: number[] = [];
    for (let outer = 0; outer < sizeOf(x.shape.slice(0, axis)); outer++) {
      for (const index of indices.data) {
        const row = Number(index) < 0 ? Number(index) + length : Number(index);
        for (let i = 0; i < inner; i++) picks.push((outer * length + row) * inner + i);
      }
    }
    return [pick(x, gathered(x.shape, indices.shape, axis), picks)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [5, 3] },
        { dtype: "int64", shape: [2, 2], values: [4, 0, 0, 2] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 4, 3] },
        { dtype: "int64", shape: [3], values: [3, 3, 1] },
      ],
      attributes: { axis: 1 },
    },
  ],
};

function gathered<D extends Dim>(shape: readonly D[], indices: readonly D[], axis: number): readonly D[] {
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
}

/**
 * The slices of x along `axis` that `indices` (int32 or int64, any shape) name. Its gradient is a product with one-hot
 * rows: memory is number of indices times the length of the axis.
 */
export function gather(x: Value, indices: Value, axis = 0): Value {
  return apply(Gather, [x, indices], { axis });
}
