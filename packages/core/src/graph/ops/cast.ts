/** Operator Cast: change of element type. */
import { aDType, codeOf, dtypeOfCode, toNumbers } from "../tensor.js";
import { aValue } from "./operands.js";
import { expectArguments } from "../../errors/index.js";
import { elementsAt } from "../elements.js";
import { int, ShapeProblem, type Operator } from "../operator.js";
import type { DType } from "../tensor.js";
import type { Value } from "../value.js";
import { flowing, inputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";

export const Cast: Operator = {
  name: "Cast",
  sinceOpset: 9,
  // Saturation is of 8-bit floats only.
  attributes: { to: "int", saturate: "int" },
  newerAttributes: { saturate: 19 },
  infer: (inputs, attributes) => {
    const dtype = dtypeOfCode(int(attributes, "to"));
    if (!dtype) throw new ShapeProblem(`element type ${int(attributes, "to")} is not supported`);
    // From every element type and to every one, also of those that nothing else computes with.
    const [x] = inputs;
    if (!x) throw new ShapeProblem("input 0 is missing");
    return [{ dtype, shape: x.shape }];
  },
  elements: (inputs, attributes) => {
    const elements = elementsAt(inputs, 0);
    // Every open size is at least 1.
    if (dtypeOfCode(int(attributes, "to")) !== "bool") return [elements];
    return [elements.map((size) => (size === 0 ? 0 : 1))];
  },
  gradient: (node, dy) => {
    const { dtype } = inputOf(node, 0);
    return [dtype.includes("float") ? cast(flowing(dy), dtype) : null];
  },
  reference: (inputs, attributes) => {
    const dtype = dtypeOfCode(int(attributes, "to")) ?? "float32";
    const convert =
      dtype === "bool" ? (x: number) => (x ? 1 : 0) : dtype.includes("float") ? (x: number) => x : Math.trunc;
    const x = tensorAt(inputs, 0);
    return [tensorOf(dtype, x.shape, toNumbers(x).map(convert))];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [3], values: [-1.5, 0, 2.7] }], attributes: { to: 7 } },
    { inputs: [{ dtype: "float32", shape: [3], values: [-1.5, 0, 2.7] }], attributes: { to: 9 } },
    { inputs: [{ dtype: "bool", shape: [2], values: [1, 0] }], attributes: { to: 1 } },
    { inputs: [{ dtype: "uint8", shape: [2], values: [200, 3] }], attributes: { to: 1 } },
    { inputs: [{ dtype: "float32", shape: [3] }], attributes: { to: 11 } },
  ],
};

/** x converted to another element type; floats are cut towards 0, bool is 0 or 1. */
export function cast(x: Value, dtype: DType): Value {
  expectArguments("cast", { x: [x, aValue], dtype: [dtype, aDType] });
  return x.dtype === dtype ? x : apply(Cast, [x], { to: codeOf(dtype) });
}
