/** Operator Tile: a value repeated along its axes. */
import { productOf } from "../dims.js";
import { movedElements } from "../elements.js";
import { ShapeProblem, type Operator } from "../operator.js";
import { sizeOf, stridesOf, toNumbers, type Dims } from "../tensor.js";
import { at, constantOf, flowing, inputOf, numbers, sizesAt, tensorAt, typeAt } from "./access.js";
import { pick } from "./broadcasting.js";
import { reshape } from "./reshape.js";
import { sumOver } from "./sums.js";

export const Tile: Operator = {
  name: "Tile",
  sinceOpset: 6,
  attributes: {},
  infer: (inputs, _attributes, _constants, elements) => {
    const { dtype, shape } = typeAt(inputs, 0);
    return [{ dtype, shape: tiled(shape, sizesAt(elements, 1, "repeats")) }];
  },
  elements: (inputs, attributes) => movedElements(Tile, inputs, attributes),
  gradient: (node, dy) => {
    const { shape } = inputOf(node, 0);
    const repeats = constantOf(node, 1);
    const blocks = reshape(
      flowing(dy),
      shape.flatMap((size, axis) => [at(repeats, axis), size]),
    );
    return [
      reshape(
        sumOver(
          blocks,
          shape.map((_, axis) => 2 * axis),
        ),
        shape,
      ),
      null,
    ];
  },
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const shape = numbers(tiled(x.shape, toNumbers(tensorAt(inputs, 1))));
    const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
    const picks = Array.from({ length: sizeOf(shape) }, (_, position) =>
      shape.reduce((offset, size, axis) => {
        const index = Math.floor(position / at(to, axis)) % size;
        return offset + (index % at(x.shape, axis)) * at(from, axis);
      }, 0),
    );
    return [pick(x, shape, picks)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 1, 3] },
        { dtype: "int64", shape: [3], values: [2, 3, 1], constant: true },
      ],
    },
  ],
};

function tiled(shape: Dims, repeats: Dims): Dims {
  if (repeats.length !== shape.length)
    throw new ShapeProblem(`${shape.length} axes need as many repeats, got ${repeats.length}`);
  return shape.map((size, axis) => productOf([size, at(repeats, axis)]));
}
