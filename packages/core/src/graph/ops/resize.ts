/** Operator Resize, nearest neighbour by whole factors. */
import { oalError } from "../../errors/index.js";
import { ShapeProblem, text, type Attributes, type Operator } from "../operator.js";
import { sizeOf, stridesOf, toNumbers, type Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { at, flowing, knownAt, constantOf, tensorAt, typeAt, number } from "./access.js";
import { apply } from "./apply.js";
import { averagePool2d } from "./averagePool.js";
import { pick } from "./broadcasting.js";
import { mul } from "./mul.js";
import type { Pair } from "./windows.js";

export const Resize: Operator = {
  name: "Resize",
  sinceOpset: 13,
  // cubic_coeff_a says something about another mode only.
  attributes: {
    mode: "string",
    coordinate_transformation_mode: "string",
    nearest_mode: "string",
    cubic_coeff_a: "float",
  },
  infer: (inputs, attributes, constants) => {
    const { dtype, shape } = typeAt(inputs, 0);
    const factors = knownAt(constants, 2, "scales");
    const [count = 0, channels = 0, ...others] = factors;
    if (inputs[3] || !repeatsElements(attributes))
      throw new ShapeProblem("only nearest neighbour that repeats elements by given factors is supported");
    if (factors.length !== 4 || count !== 1 || channels !== 1 || !others.every(isFactor))
      throw new ShapeProblem(
        `only whole factors of the two image axes are supported, not [${factors.join(", ")}]`,
      );
    return [{ dtype, shape: enlarged(shape, factors) }];
  },
  gradient: (node, dy, wants) => {
    // The factors decide the shape of the result: they cannot be varied.
    if (wants(2)) throw oalError("OAL-G103", { operator: "Resize by its factors", path: node.path });
    const [rows, columns] = [at(constantOf(node, 2), 2), at(constantOf(node, 2), 3)];
    return [mul(averagePool2d(flowing(dy), { kernel: [rows, columns] }), rows * columns), null, null];
  },
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const factors = toNumbers(tensorAt(inputs, 2));
    const shape = enlarged(x.shape, factors);
    const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
    const picks = Array.from({ length: sizeOf(shape) }, (_, position) =>
      shape.reduce((offset, size, axis) => {
        const index = Math.floor(position / at(to, axis)) % size;
        return offset + Math.floor(index / at(factors, axis)) * at(from, axis);
      }, 0),
    );
    return [pick(x, shape, picks)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 2, 2, 3] },
        null,
        { dtype: "float32", shape: [4], values: [1, 1, 2, 3], constant: true },
      ],
      attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    },
    {
      inputs: [
        { dtype: "float32", shape: [1, 2, 3, 2] },
        null,
        { dtype: "float32", shape: [4], values: [1, 1, 4, 3], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [1, 1, 2, 2] },
        null,
        { dtype: "float32", shape: [4], values: [1, 1, 1, 2], constant: true },
      ],
      attributes: { nearest_mode: "round_prefer_ceil" },
    },
  ],
};

const isFactor = (factor: number): boolean => Number.isInteger(factor) && factor >= 1;

/**
 * With whole factors k, element i of the result is element floor(i / k) where coordinates are divided and cut, and also where
 * pixels' centres are mapped and rounded: (i + 1/2) / k - 1/2 is never half-way between two elements.
 */
function repeatsElements(attributes: Attributes): boolean {
  const coordinates = text(attributes, "coordinate_transformation_mode", "half_pixel");
  const rounding = text(attributes, "nearest_mode", "round_prefer_floor");
  if (text(attributes, "mode", "nearest") !== "nearest") return false;
  if (coordinates === "asymmetric") return rounding === "floor";
  return coordinates === "half_pixel" && rounding.startsWith("round_prefer_");
}

function enlarged<D extends Dim>(shape: readonly D[], factors: readonly number[]): readonly (D | number)[] {
  return shape.map((size, axis) => (at(factors, axis) === 1 ? size : number(size) * at(factors, axis)));
}

/** [N, C, H, W] to [N, C, H * rows, W * columns], each element repeated rows x columns times. */
export function repeatBlocks(x: Value, [rows, columns]: Pair): Value {
  const scales = x.graph.constant({
    dtype: "float32",
    shape: [4],
    data: Float32Array.of(1, 1, rows, columns),
  });
  return apply(Resize, [x, null, scales], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}
