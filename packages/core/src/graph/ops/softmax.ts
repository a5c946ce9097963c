/** Operator Softmax over one axis. */
import { int, type Operator } from "../operator.js";
import { stridesOf } from "../tensor.js";
import type { Value } from "../value.js";
import { at, axisOf, floatAt, flowing, outputOf, tensorAt } from "./access.js";
import { apply } from "./apply.js";
import { offsets, tensorOf } from "./broadcasting.js";
import { mul } from "./mul.js";
import { reduceSum } from "./reduceSum.js";
import { sub } from "./sub.js";

export const Softmax: Operator = {
  name: "Softmax",
  sinceOpset: 13,
  attributes: { axis: "int" },
  infer: (inputs, attributes) => {
    const type = floatAt(inputs, 0);
    axisOf(int(attributes, "axis", -1), type.shape.length);
    return [type];
  },
  gradient: (node, outputGradients) => {
    const [y, dy] = [outputOf(node, 0), flowing(outputGradients)];
    const axis = int(node.attributes, "axis", -1);
    return [mul(y, sub(dy, reduceSum(mul(y, dy), [axis], true)))];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", -1), x.shape.length);
    const stride = at(stridesOf(x.shape), axis);
    const length = at(x.shape, axis);
    const starts = offsets(
      x.shape.map((size, place) => (place === axis ? 1 : size)),
      stridesOf(x.shape),
    );
    const values = new Float64Array(x.data.length);
    for (const start of starts) {
      const places = Array.from({ length }, (_, i) => start + i * stride);
      const largest = Math.max(...places.map((place) => Number(x.data[place])));
      const shares = places.map((place) => Math.exp(Number(x.data[place]) - largest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      places.forEach((place, i) => (values[place] = at(shares, i) / total));
    }
    return [tensorOf(x.dtype, x.shape, values)];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [3, 5], range: [-3, 3] }] },
    { inputs: [{ dtype: "float32", shape: [2, 3, 2] }], attributes: { axis: 1 } },
  ],
};

/** e^x / sum of e^x along an axis (default the last). */
export function softmax(x: Value, axis = -1): Value {
  return apply(Softmax, [x], { axis });
}
