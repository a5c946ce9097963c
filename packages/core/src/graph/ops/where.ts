/** Operator Where: a where the condition holds, else b. */
import { movedElements } from "../elements.js";
import { ShapeProblem, type Operator } from "../operator.js";
import type { Dim } from "../tensor.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { broadcastShapes, mapBroadcast } from "./broadcasting.js";
import { cast } from "./cast.js";
import { sameTyped } from "./elementwise.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { sumTo } from "./sums.js";

export const Where: Operator = {
  name: "Where",
  sinceOpset: 9,
  attributes: {},
  infer: (inputs) => {
    const condition = typeAt(inputs, 0);
    if (condition.dtype !== "bool")
      throw new ShapeProblem(`condition must be bool, it is ${condition.dtype}`);
    const { dtype, shape } = sameTyped(inputs, [1, 2]);
    return [{ dtype, shape: broadcastShapes<Dim>(condition.shape, shape) }];
  },
  elements: (inputs, attributes) => movedElements(Where, inputs, attributes, (input) => input > 0),
  // Multiplying by the mask is twice as fast as Where on CPU (ENGINE 5.2).
  gradient: (node, outputGradients, wants) => {
    const [condition, a, b] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
    const dy = flowing(outputGradients);
    const chosen = mul(dy, cast(condition, dy.dtype));
    return [null, wants(1) ? sumTo(chosen, a.dims) : null, wants(2) ? sumTo(sub(dy, chosen), b.dims) : null];
  },
  reference: (inputs) => {
    const [condition, a, b] = [tensorAt(inputs, 0), tensorAt(inputs, 1), tensorAt(inputs, 2)];
    return [mapBroadcast([condition, a, b], a.dtype, (c, x, y) => (c ? x : y))];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "bool", shape: [2, 1], values: [1, 0] },
        { dtype: "float32", shape: [2, 3] },
        { dtype: "float32", shape: [3] },
      ],
    },
  ],
};

/** condition ? a : b, elementwise with broadcasting. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  return apply(Where, [condition, a, b]);
}
