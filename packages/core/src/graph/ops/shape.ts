/** Operator Shape: the sizes of a value's axes as a list, where the shape arithmetic of files that are read begins. */
import { int, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import type { ValueType } from "../tensor.js";
import { tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";

export const Shape: Operator = {
  name: "Shape",
  sinceOpset: 1,
  attributes: { start: "int", end: "int" },
  newerAttributes: { start: 15, end: 15 },
  infer: ([x], attributes) => [{ dtype: "int64", shape: [part(present(x).shape, attributes).length] }],
  elements: ([x], attributes) => [part(present(x?.type).shape, attributes)],
  gradient: "none",
  reference: (inputs, attributes) => {
    const sizes = part(tensorAt(inputs, 0).shape, attributes);
    return [tensorOf("int64", [sizes.length], sizes)];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [2, 3, 4] }] },
    { inputs: [{ dtype: "float32", shape: [2, 3, 4] }], attributes: { start: -2, end: 9 } },
  ],
};

/** Of every element type, also of those that nothing computes with. */
function present(type: ValueType | null | undefined): ValueType {
  if (type) return type;
  throw new ShapeProblem("input 0 is missing");
}

function part<D>(sizes: readonly D[], attributes: Attributes): readonly D[] {
  const place = (bound: number): number =>
    Math.max(0, Math.min(sizes.length, bound < 0 ? bound + sizes.length : bound));
  return sizes.slice(place(int(attributes, "start", 0)), place(int(attributes, "end", sizes.length)));
}
