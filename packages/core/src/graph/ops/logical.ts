/** Operators And, Or and Xor on bool. */
import { ShapeProblem, type Operator } from "../operator.js";
import { tensorAt } from "./access.js";
import { mapBroadcast } from "./broadcasting.js";
import { sameTyped } from "./elementwise.js";

function logical(name: string, compute: (a: number, b: number) => number): Operator {
  return {
    name,
    sinceOpset: 7,
    attributes: {},
    infer: (inputs) => {
      const type = sameTyped(inputs, [0, 1]);
      if (type.dtype !== "bool") throw new ShapeProblem(`inputs must be bool, they are ${type.dtype}`);
      return [type];
    },
    gradient: "none",
    reference: (inputs) => [mapBroadcast([tensorAt(inputs, 0), tensorAt(inputs, 1)], "bool", compute)],
    testPoints: [
      {
        inputs: [
          { dtype: "bool", shape: [2, 2], values: [0, 0, 1, 1] },
          { dtype: "bool", shape: [2], values: [0, 1] },
        ],
      },
    ],
  };
}

export const And: Operator = logical("And", (a, b) => a & b);
export const Or: Operator = logical("Or", (a, b) => a | b);
export const Xor: Operator = logical("Xor", (a, b) => a ^ b);
