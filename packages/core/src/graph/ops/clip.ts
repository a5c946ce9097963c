/** Operator Clip: limits values to an interval. */
import type { Operator } from "../operator.js";
import type { Value } from "../value.js";
import { flowing, inputOf, outputOf, signedAt, tensorAt } from "./access.js";
import { add } from "./add.js";
import { apply } from "./apply.js";
import { mapBroadcast } from "./broadcasting.js";
import { cast } from "./cast.js";
import { equal } from "./equal.js";
import { greater } from "./greater.js";
import { less } from "./less.js";
import { mul } from "./mul.js";
import { logicalNot } from "./not.js";
import { sumTo } from "./sums.js";

export const Clip: Operator = {
  name: "Clip",
  sinceOpset: 12,
  attributes: {},
  infer: (inputs) => [signedAt(inputs, 0)],
  // y = x marks the inside with its ends, where the gradient passes, as in PyTorch; elsewhere it goes to the bound.
  gradient: (node, outputGradients, wants) => {
    const [x, y, dy] = [inputOf(node, 0), outputOf(node, 0), flowing(outputGradients)];
    const [low, high] = [node.inputs[1], node.inputs[2]];
    const among = (mask: Value): Value => mul(dy, mask);
    return [
      wants(0) ? among(cast(equal(x, y), dy.dtype)) : null,
      low && wants(1) ? sumTo(among(raised(low, high, x, y)), low.dims) : null,
      high && wants(2) ? sumTo(among(lowered(low, high, x, y)), high.dims) : null,
    ];
  },
  elementwise: true,
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

/** 1 where the lower bound is the result: nowhere when the bounds cross, as the upper one decides then. */
function raised(low: Value, high: Value | null | undefined, x: Value, y: Value): Value {
  const mask = cast(less(x, y), x.dtype);
  return high ? mul(mask, cast(logicalNot(greater(low, high)), x.dtype)) : mask;
}

/** 1 where the upper bound is the result. */
function lowered(low: Value | null | undefined, high: Value, x: Value, y: Value): Value {
  const mask = cast(greater(x, y), x.dtype);
  return low ? add(mask, mul(cast(less(x, y), x.dtype), cast(greater(low, high), x.dtype))) : mask;
}

/** min(max(x, low), high), elementwise; null leaves a side open. */
export function clip(x: Value, low: number | null, high: number | null): Value {
  return apply(Clip, [x, low, high]);
}
