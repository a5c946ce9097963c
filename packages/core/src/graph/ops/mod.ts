/** Operator Mod: the remainder of a division, with the sign of the divisor, or of the dividend (fmod). */
import { differenceOf, floorOfQuotient, productOf } from "../dims.js";
import { joinedElements } from "../elements.js";
import { int, ShapeProblem, type Operator } from "../operator.js";
import { tensorAt } from "./access.js";
import { mapBroadcast } from "./broadcasting.js";
import { sameTyped } from "./elementwise.js";

export const Mod: Operator = {
  name: "Mod",
  sinceOpset: 10,
  attributes: { fmod: "int" },
  infer: (inputs, attributes) => {
    const type = sameTyped(inputs, [0, 1]);
    if (type.dtype.startsWith("float") && int(attributes, "fmod", 0) !== 1)
      throw new ShapeProblem("the remainder of floats needs fmod = 1");
    return [type];
  },
  elements: (inputs) => [
    joinedElements(inputs, (a, b) =>
      typeof b === "number" && b >= 1 ? differenceOf(a, productOf([b, floorOfQuotient(a, b)])) : undefined,
    ),
  ],
  gradient: "none",
  reference: (inputs, attributes) => {
    const [a, b] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
    const isOfDividend = int(attributes, "fmod", 0) === 1;
    return [mapBroadcast([a, b], a.dtype, (x, y) => (isOfDividend ? x % y : x - y * Math.floor(x / y)))];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "int64", shape: [4], values: [7, -7, 7, -7] },
        { dtype: "int64", shape: [4], values: [3, 3, -3, -3] },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [3], values: [5.5, -5.5, 2] },
        { dtype: "float32", shape: [], values: [2] },
      ],
      attributes: { fmod: 1 },
    },
  ],
};
