/** Operator Clip: limits values to an interval. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { floatAt, flowing, inputOf, outputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { mapBroadcast } from "./broadcasting.js";
import { cast } from "./cast.js";
import { equal } from "./equal.js";
import { mul } from "./mul.js";

export const Clip: Operator = {
  name: "Clip",
  sinceOpset: 13,
  attributes: {},
  infer: (inputs) => [floatAt(inputs, 0)],
  // y = x marks the inside with its ends, where the gradient passes, as in PyTorch.
  gradient: (node, outputGradients) => {
    const dy = flowing(outputGradients);
    return [mul(dy, cast(equal(inputOf(node, 0), outputOf(node, 0)), dy.dtype)), null, null];
  },
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const low = inputs[1] ? Number(inputs[1].data[0]) : -Infinity;
    const high = inputs[2] ? Number(inputs[2].data[0]) : Infinity;
    return [mapBroadcast([x], x.dtype, (element) => Math.min(high, Math.max(low, element)))];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [3, 4], range: [-2, 2] },
        { dtype: "float32", shape: [], values: [-0.5], constant: true },
        { dtype: "float32", shape: [], values: [1], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [5], range: [-2, 2] },
        { dtype: "float32", shape: [], values: [0], constant: true },
        null,
      ],
    },
  ],
};

/** min(max(x, low), high), elementwise; null leaves a side open. */
export function clip(x: Value, low: number | null, high: number | null): Value {
  return apply("Clip", [x, low, high]);
}
