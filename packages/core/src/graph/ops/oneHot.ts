/** Operator OneHot: indices as rows of zeros with a one. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { int, ShapeProblem, type Operator } from "../operator.js";
import { toNumbers } from "../tensor.js";
import type { Value } from "../value.js";
import { at, flowing, inputOf, knownAt, tensorAt, typeAt } from "./access.js";
import { apply, integers } from "./apply.js";
import { tensorOf } from "./broadcasting.js";
import { cast } from "./cast.js";
import { concat } from "./concat.js";
import { mul } from "./mul.js";
import { reduceSum } from "./reduceSum.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";

export const OneHot: Operator = {
  name: "OneHot",
  sinceOpset: 11,
  attributes: { axis: "int" },
  infer: (inputs, attributes, constants) => {
    const indices = typeAt(inputs, 0);
    if (indices.dtype !== "int64") throw new ShapeProblem(`indices must be int64, they are ${indices.dtype}`);
    const [depth = 0] = knownAt(constants, 1, "depth");
    if (int(attributes, "axis", -1) !== -1) throw new ShapeProblem("the new axis must be the last");
    return [{ dtype: typeAt(inputs, 2).dtype, shape: [...indices.shape, depth] }];
  },
  // The two values each collect the dY of their places.
  gradient: (node, outputGradients, wants) => {
    if (!wants(2)) return [null, null, null];
    const [indices, dy] = [inputOf(node, 0), flowing(outputGradients)];
    const on = cast(oneHot(indices, at(dy.shape, indices.rank)), dy.dtype);
    const collected = (mask: Value): Value => reshape(reduceSum(mul(dy, mask)), [1]);
    return [null, null, concat([collected(sub(1, on)), collected(on)], 0)];
  },
  reference: (inputs) => {
    const [indices, values] = [tensorAt(inputs, 0), tensorAt(inputs, 2)];
    const [depth = 0] = toNumbers(tensorAt(inputs, 1));
    const [off = 0, on = 1] = toNumbers(values);
    const flat = toNumbers(indices).flatMap((index) => {
      const place = index < 0 ? index + depth : index;
      return Array.from({ length: depth }, (_, column) => (column === place ? on : off));
    });
    return [tensorOf(values.dtype, [...indices.shape, at([depth], 0)], flat)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "int64", shape: [2, 2], values: [0, 2, -1, 1] },
        { dtype: "int64", shape: [1], values: [3], constant: true },
        { dtype: "float32", shape: [2], values: [0, 1], constant: true },
      ],
    },
  ],
};

/** float32 [..., depth] with 1 at each index and 0 elsewhere; an index outside -depth .. depth - 1 gives zeros. */
export function oneHot(indices: Value, depth: number): Value {
  expectArguments("oneHot", { indices: [indices, aValue], depth: [depth, kinds.positiveCount] });
  const values = indices.graph.constant({ dtype: "float32", shape: [2], data: Float32Array.of(0, 1) });
  return apply(OneHot, [cast(indices, "int64"), integers(indices.graph, [depth]), values], { axis: -1 });
}
