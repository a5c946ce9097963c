/** Operator Size: the number of a value's elements. */
import { productOf } from "../dims.js";
import { ShapeProblem, type Operator } from "../operator.js";
import { sizeOf } from "../tensor.js";
import { tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";

export const Size: Operator = {
  name: "Size",
  sinceOpset: 1,
  attributes: {},
  infer: () => [{ dtype: "int64", shape: [] }],
  elements: ([x]) => {
    if (!x) throw new ShapeProblem("input 0 is missing");
    return [[productOf(x.type.shape)]];
  },
  gradient: "none",
  reference: (inputs) => [tensorOf("int64", [], [sizeOf(tensorAt(inputs, 0).shape)])],
  testPoints: [{ inputs: [{ dtype: "float32", shape: [2, 3] }] }],
};
