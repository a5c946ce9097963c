/** Operator LogSoftmax over one axis, of files that are read; oal's own graphs take the function logSoftmax. */
import { int, type Operator } from "../operator.js";
import { toNumbers } from "../tensor.js";
import { flowing, outputOf, tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { reduceSum } from "./reduceSum.js";
import { Softmax } from "./softmax.js";
import { sub } from "./sub.js";

export const LogSoftmax: Operator = {
  ...Softmax,
  name: "LogSoftmax",
  gradient: (node, outputGradients) => {
    const dy = flowing(outputGradients);
    const total = reduceSum(dy, [int(node.attributes, "axis", -1)], true);
    return [sub(dy, mul(exp(outputOf(node, 0)), total))];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const doubles = { dtype: "float64", shape: x.shape, data: Float64Array.from(toNumbers(x)) } as const;
    return Softmax.reference([doubles], attributes).map((shares) =>
      tensorOf(x.dtype, x.shape, toNumbers(shares).map(Math.log)),
    );
  },
};
