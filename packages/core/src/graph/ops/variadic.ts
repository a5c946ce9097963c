/** Shared parts of operators of any number of broadcast operands: Max, Min, Sum. */
import type { GradientRule, Operator } from "../operator.js";
import type { Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { at, flowing, inputOf, outputOf, tensorAt } from "./access.js";
import { mapBroadcast } from "./broadcasting.js";
import { cast } from "./cast.js";
import { div } from "./div.js";
import { elementsRule, sameTyped } from "./elementwise.js";
import { equal } from "./equal.js";
import { mul } from "./mul.js";
import { add } from "./add.js";
import { sumTo } from "./sums.js";

interface VariadicParts {
  readonly sinceOpset: number;
  readonly compute: (a: number, b: number) => number;
  readonly gradient: GradientRule;
  /** As of binary operators. */
  readonly join?: (a: Dim, b: Dim) => Dim | undefined;
  readonly testPoints: Operator["testPoints"];
}

/** An operator that joins any number of operands of one element type, pair by pair. */
export function variadic(name: string, parts: VariadicParts): Operator {
  return {
    name,
    sinceOpset: parts.sinceOpset,
    attributes: {},
    infer: (inputs) => {
      const indices = inputs.map((_, index) => index);
      return [sameTyped(inputs, indices.length > 0 ? indices : [0])];
    },
    ...elementsRule(parts.join),
    gradient: parts.gradient,
    elementwise: true,
    reference: (inputs) => {
      const tensors = inputs.map((_, index) => tensorAt(inputs, index));
      return [
        mapBroadcast(tensors, at(tensors, 0).dtype, (...elements) =>
          elements.reduce((a, b) => parts.compute(a, b)),
        ),
      ];
    },
    testPoints: parts.testPoints,
  };
}

/** The gradient of the largest or smallest of any number of operands: equal winners share it. */
export const sharedByWinners: GradientRule = (node, outputGradients, wants) => {
  const [y, dy] = [outputOf(node, 0), flowing(outputGradients)];
  const winners = node.inputs.map((_, index) => cast(equal(inputOf(node, index), y), dy.dtype));
  const share = div(
    dy,
    winners.reduce((sum: Value, mask) => add(sum, mask)),
  );
  return winners.map((mask, index) =>
    wants(index) ? sumTo(mul(share, mask), inputOf(node, index).dims) : null,
  );
};

/** Three operands that stretch to one another, with room between their elements, and one alone. */
export const variadicPoints: Operator["testPoints"] = [
  {
    inputs: [
      { dtype: "float32", shape: [2, 3], values: [1, 5, -2, 0.5, 3, 7] },
      { dtype: "float32", shape: [3], values: [2, 4, -1] },
      { dtype: "float32", shape: [2, 1], values: [1.5, 3.5] },
    ],
  },
  { inputs: [{ dtype: "float32", shape: [2, 2] }] },
];
