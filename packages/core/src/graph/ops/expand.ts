/** Operator Expand: stretches axes of size 1. */
import { aValue } from "./operands.js";
import { expectArguments, kind, kinds } from "../../errors/index.js";
import { movedElements } from "../elements.js";
import { ShapeProblem, type Operator } from "../operator.js";
import { sizesOf, toNumbers, type Dim, type Dims } from "../tensor.js";
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
  gradient: (node, dy) => [sumTo(flowing(dy), inputOf(node, 0).dims), null],
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

const aDim = kind(
  "a size or the name of an open one",
  (size) => typeof size === "string" || (Number.isInteger(size) && Number(size) >= 0),
);

/**
 * x stretched to sizes by broadcasting. Sizes that x already has are written as 1, so they may be open, or vary at run time; an open size
 * that x does not have cannot be made.
 */
export function expand(x: Value, dims: Dims): Value {
  expectArguments("expand", { x: [x, aValue], dims: [dims, kinds.listOf(aDim)] });
  if (x.dims.join() === dims.join()) return x;
  const lead = dims.length - x.rank;
  const wanted = dims.map((size, axis) => (size === x.dims[axis - lead] ? 1 : size));
  const known = sizesOf(wanted, x.name);
  fitting(x.graph, "Expand", () => {
    const own = x.dims.map((size, axis) => (size === dims[axis + lead] ? 1 : size));
    if (broadcastShapes<Dim>(own, known).join() === known.join()) return;
    throw new ShapeProblem(`[${x.dims.join(", ")}] does not stretch to [${dims.join(", ")}]`);
  });
  return apply(Expand, [x, integers(x.graph, known)]);
}
