/** Operator Expand: stretches axes of size 1. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { movedElements } from "../elements.js";
import { ShapeProblem, type Operator } from "../operator.js";
import { toNumbers, type Shape, type Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { flowing, inputOf, sizesAt, tensorAt, typeAt } from "./access.js";
import { apply, fitting, integers } from "./apply.js";
import { broadcastOffsets, broadcastShapes, pick } from "./broadcasting.js";
import { sumTo } from "./sums.js";

export const Expand: Operator = {
  name: "Expand",
  sinceOpset: 8,
  attributes: {},
  infer: (inputs, _attributes, _constants, elements) => {
    const { dtype, shape } = typeAt(inputs, 0);
    return [{ dtype, shape: broadcastShapes<Dim>(shape, sizesAt(elements, 1, "shape")) }];
  },
  elements: (inputs, attributes) => movedElements(Expand, inputs, attributes),
  gradient: (node, dy) => [sumTo(flowing(dy), inputOf(node, 0).shape), null],
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const shape = broadcastShapes(x.shape, toNumbers(tensorAt(inputs, 1)));
    return [pick(x, shape, broadcastOffsets(x.shape, shape))];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [3, 1] },
        { dtype: "int64", shape: [3], values: [2, 1, 4], constant: true },
      ],
    },
  ],
};

/** x stretched to `shape` by broadcasting. Sizes that x already has are written as 1, so they may vary at run time. */
export function expand(x: Value, shape: Shape): Value {
  expectArguments("expand", { x: [x, aValue], shape: [shape, kinds.sizes] });
  if (x.shape.join() === shape.join()) return x;
  fitting(x.graph, "Expand", () => {
    if (broadcastShapes(x.shape, shape).join() === shape.join()) return;
    throw new ShapeProblem(`[${x.shape.join(", ")}] does not stretch to [${shape.join(", ")}]`);
  });
  const lead = shape.length - x.rank;
  return apply(Expand, [
    x,
    integers(
      x.graph,
      shape.map((size, axis) => (size === x.shape[axis - lead] ? 1 : size)),
    ),
  ]);
}
