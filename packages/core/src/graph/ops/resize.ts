/** Operator Resize: nearest neighbour, linear or cubic, axis by axis. */
import { floorOfQuotient, productOf } from "../dims.js";
import { tensorOfKnown } from "../elements.js";
import { oalError } from "../../errors/index.js";
import { ints, ShapeProblem, text, type Attributes, type Operator } from "../operator.js";
import { sizeOf, toNumbers, type Dim, type Shape, type Tensor } from "../tensor.js";
import type { Node, Value } from "../value.js";
import {
  at,
  axisOf,
  flowing,
  inputOf,
  number,
  numbers,
  outputOf,
  sizesAt,
  tensorAt,
  typeAt,
} from "./access.js";
import { apply } from "./apply.js";
import { averagePool2d } from "./averagePool.js";
import { tensorOf } from "./broadcasting.js";
import { checkInterpolation, matrixOf, tapsOf, type Taps } from "./interpolation.js";
import { matmul } from "./matMul.js";
import { mul } from "./mul.js";
import { transpose } from "./transpose.js";
import type { Pair } from "./windows.js";

export const Resize: Operator = {
  name: "Resize",
  sinceOpset: 13,
  attributes: {
    mode: "string",
    coordinate_transformation_mode: "string",
    nearest_mode: "string",
    cubic_coeff_a: "float",
    exclude_outside: "int",
    extrapolation_value: "float",
    antialias: "int",
    axes: "ints",
    keep_aspect_ratio_policy: "string",
  },
  newerAttributes: { antialias: 18, axes: 18, keep_aspect_ratio_policy: 18 },
  infer: (inputs, attributes, constants, elements) => {
    checkInterpolation(attributes);
    const { dtype, shape } = typeAt(inputs, 0);
    const sizes = inputs[3] ? sizesAt(elements, 3, "sizes") : null;
    const scales = sizes ? null : constants[2];
    if (!sizes && !scales) throw new ShapeProblem("scales (input 2) must be a constant");
    const given = sizes ?? toNumbers(scales ?? tensorOf("float32", [0], []));
    const axes = axesOf(attributes, shape.length);
    if (given.length !== axes.length)
      throw new ShapeProblem(`${axes.length} axes need as many sizes or scales, not [${given.join(", ")}]`);
    return [
      {
        dtype,
        shape: shape.map((size, axis) => {
          const position = axes.indexOf(axis);
          if (position < 0) return size;
          return sizes ? at(sizes, position) : scaled(size, number(at(given, position)));
        }),
      },
    ];
  },
  gradient: (node, dy, wants) => {
    // The factors decide the shape of the result: they cannot be varied.
    if (wants(2)) throw oalError("OAL-G103", { operator: "Resize by its factors", path: node.path });
    const factors = repeatedBlocks(node);
    if (factors) return [mul(averagePool2d(flowing(dy), { kernel: factors }), sizeOf(factors)), null, null];
    const [from, to] = [inputOf(node, 0).shape, outputOf(node, 0).shape];
    const axes = axisTaps(from, to, scalesOf(node), node.attributes);
    // The transpose of every axis's map, one after the other.
    return [
      axes.reduce(
        (gradient, taps, axis) => (taps ? gathered(gradient, taps, axis, at(from, axis)) : gradient),
        flowing(dy),
      ),
      null,
      null,
      null,
    ];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const scales = inputs[2] && inputs[2].data.length > 0 && !inputs[3] ? toNumbers(inputs[2]) : null;
    const axes = axesOf(attributes, x.shape.length);
    const given = scales ?? toNumbers(tensorAt(inputs, 3));
    const all = x.shape.map((size, axis) => {
      const position = axes.indexOf(axis);
      return position < 0 ? (scales ? 1 : size) : at(given, position);
    });
    const shape = scales ? numbers(x.shape.map((size, axis) => scaled(size, at(all, axis)))) : all;
    return [
      axisTaps(x.shape, shape, scales && all, attributes).reduce<Tensor>(
        (tensor, taps, axis) => (taps ? resizedAxis(tensor, taps, axis) : tensor),
        { ...x, dtype: "float64", data: Float64Array.from(toNumbers(x)) },
      ),
    ].map((tensor) => tensorOf(x.dtype, tensor.shape, toNumbers(tensor)));
  },
  testPoints: [
    point(
      [2, 2, 2, 3],
      { scales: [1, 1, 2, 3] },
      {
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      },
    ),
    point([1, 2, 3, 2], { scales: [1, 1, 4, 3] }, {}),
    point([1, 1, 2, 2], { scales: [1, 1, 1, 2] }, { nearest_mode: "round_prefer_ceil" }),
    point([1, 2, 4, 5], { sizes: [1, 2, 7, 3] }, { mode: "linear" }),
    point(
      [1, 2, 4, 5],
      { sizes: [1, 2, 7, 3] },
      { coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    ),
    point(
      [1, 1, 4, 3],
      { scales: [1, 1, 1.5, 2.5] },
      { mode: "linear", coordinate_transformation_mode: "asymmetric" },
    ),
    point(
      [1, 1, 4, 3],
      { sizes: [1, 1, 6, 1] },
      { mode: "linear", coordinate_transformation_mode: "align_corners" },
    ),
    point(
      [1, 1, 4, 3],
      { sizes: [1, 1, 7, 1] },
      {
        mode: "linear",
        coordinate_transformation_mode: "pytorch_half_pixel",
      },
    ),
    point([1, 2, 5, 4], { sizes: [1, 2, 7, 9] }, { mode: "cubic" }),
  ],
};

function point(
  shape: Shape,
  to: { readonly scales?: readonly number[]; readonly sizes?: readonly number[] },
  attributes: Attributes,
): Operator["testPoints"][number] {
  const { scales, sizes } = to;
  return {
    inputs: [
      { dtype: "float32", shape },
      null,
      scales ? { dtype: "float32", shape: [scales.length], values: scales, constant: true } : null,
      ...(sizes ? [{ dtype: "int64", shape: [sizes.length], values: sizes, constant: true } as const] : []),
    ],
    attributes: { mode: "nearest", ...attributes },
  };
}

function axesOf(attributes: Attributes, rank: number): readonly number[] {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  return ints(attributes, "axes", all).map((axis) => axisOf(axis, rank));
}

/** A size times a factor, rounded down. */
function scaled(size: Dim, factor: number): Dim {
  if (typeof size === "number") return Math.floor(Math.fround(size * factor));
  if (Number.isInteger(factor)) return productOf([size, factor]);
  if (Number.isInteger(1 / factor)) return floorOfQuotient(size, 1 / factor);
  throw new ShapeProblem(`the open size "${size}" times ${factor} is not known`);
}

/** The factors of all axes that a node gives; null where it gives sizes. */
function scalesOf(node: Node): readonly number[] | null {
  const { rank } = inputOf(node, 0);
  const scales = node.inputs[3] ? null : tensorOfKnown(node.inputs[2]);
  if (!scales) return null;
  const axes = axesOf(node.attributes, rank);
  const given = toNumbers(scales);
  return Array.from({ length: rank }, (_, axis) => {
    const position = axes.indexOf(axis);
    return position < 0 ? 1 : at(given, position);
  });
}

/** The taps of every axis; null for one that stays as it is. */
function axisTaps(
  from: Shape,
  to: Shape,
  scales: readonly number[] | null,
  attributes: Attributes,
): readonly (readonly Taps[] | null)[] {
  return from.map((size, axis) => {
    const result = at(to, axis);
    const scale = scales ? at(scales, axis) : result / size;
    return size === result && scale === 1 ? null : tapsOf(attributes, size, result, scale);
  });
}

function resizedAxis(x: Tensor, taps: readonly Taps[], axis: number): Tensor {
  const shape = x.shape.map((size, place) => (place === axis ? taps.length : size));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const [from, to] = [at(x.shape, axis), taps.length];
  const data = new Float64Array(sizeOf(shape));
  for (let position = 0; position < data.length; position++) {
    const [rest, place] = [position % inner, Math.floor(position / inner) % to];
    const start = Math.floor(position / inner / to) * from;
    let sum = 0;
    for (const [index, weight] of at(taps, place))
      sum += weight * Number(x.data[(start + index) * inner + rest]);
    data[position] = sum;
  }
  return { dtype: "float64", shape, data };
}

/** Every element of an axis as the weighted sum of the results that it went into. */
function gathered(dy: Value, taps: readonly Taps[], axis: number, from: number): Value {
  const matrix = dy.graph.constant(tensorOf(dy.dtype, [taps.length, from], matrixOf(taps, from)));
  const last = dy.rank - 1;
  if (axis === last) return matmul(dy, matrix);
  const turn = Array.from({ length: dy.rank }, (_, place) =>
    place === axis ? last : place === last ? axis : place,
  );
  return transpose(matmul(transpose(dy, turn), matrix), turn);
}

const isFactor = (factor: number): boolean => Number.isInteger(factor) && factor >= 1;

/** The factors of a node that repeats every pixel of images as a block; null for any other. */
export function repeatedBlocks(node: Node): Pair | null {
  const factors = scalesOf(node) ?? [];
  const [count = 0, channels = 0, rows = 0, columns = 0] = factors;
  const isOfImages = factors.length === 4 && count === 1 && channels === 1;
  return isOfImages && isFactor(rows) && isFactor(columns) && repeatsElements(node.attributes)
    ? [rows, columns]
    : null;
}

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
