/** Operator Pad with a constant; negative pads crop. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { text, ShapeProblem, type Operator } from "../operator.js";
import { sumOf } from "../dims.js";
import { stridesOf, toNumbers, type Dim, type Dims } from "../tensor.js";
import type { Value } from "../value.js";
import {
  at,
  axisOf,
  constantOf,
  flowing,
  inputOf,
  knownAt,
  numbers,
  sizesAt,
  tensorAt,
  typeAt,
} from "./access.js";
import { apply, integers, scalarOf } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";
import { expand } from "./expand.js";
import { mul } from "./mul.js";
import { reduceSum } from "./reduceSum.js";
import { reshape } from "./reshape.js";

export const Pad: Operator = {
  name: "Pad",
  sinceOpset: 11,
  attributes: { mode: "string" },
  newerInputs: { 3: 18 },
  infer: (inputs, attributes, constants, elements) => {
    const { dtype, shape } = typeAt(inputs, 0);
    const mode = text(attributes, "mode", "constant");
    if (mode !== "constant") throw new ShapeProblem(`mode "${mode}" is not supported`);
    const axes = inputs[3] ? knownAt(constants, 3, "axes") : null;
    return [{ dtype, shape: padded(shape, padsOfAll(sizesAt(elements, 1, "pads"), axes, shape.length)) }];
  },
  gradient: (node, outputGradients, wants) => {
    const dy = flowing(outputGradients);
    const axes = node.inputs[3] ? constantOf(node, 3) : null;
    const pads = padsOfAll(constantOf(node, 1), axes, inputOf(node, 0).rank);
    const fill = node.inputs[2];
    const back = (): Value =>
      pad(
        dy,
        pads.map((amount) => -amount),
      );
    return [
      wants(0) ? back() : null,
      null,
      fill && wants(2) ? fillGradient(dy, fill, inputOf(node, 0), pads) : null,
    ];
  },
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const axes = inputs[3] ? toNumbers(inputs[3]) : null;
    const pads = padsOfAll(toNumbers(tensorAt(inputs, 1)), axes, x.shape.length);
    const shape = numbers(padded(x.shape, pads));
    const strides = stridesOf(x.shape);
    const inside = shape.map((size, axis) => offsets([size], [1], -at(pads, axis)));
    const picks = offsets(
      shape,
      strides,
      -strides.reduce((sum, stride, axis) => sum + stride * at(pads, axis), 0),
    );
    const places = stridesOf(shape);
    const isInside = (position: number): boolean =>
      shape.every((size, axis) => {
        const index = at(at(inside, axis), Math.floor(position / at(places, axis)) % size);
        return index >= 0 && index < at(x.shape, axis);
      });
    const fill = inputs[2] ? Number(inputs[2].data[0]) : 0;
    return [
      pick(
        x,
        shape,
        picks.map((offset, position) => (isInside(position) ? offset : -1)),
        fill,
      ),
    ];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [2, 3] },
        { dtype: "int64", shape: [4], values: [1, 0, 0, 2], constant: true },
        { dtype: "float32", shape: [], values: [0.5], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 4, 3] },
        { dtype: "int64", shape: [6], values: [0, -1, 1, 0, 2, -1], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 3, 2] },
        { dtype: "int64", shape: [4], values: [1, 0, 0, 2], constant: true },
        null,
        { dtype: "int64", shape: [2], values: [-1, 0], constant: true },
      ],
    },
  ],
};

/** Pads of some axes as pads of all. */
function padsOfAll<D extends Dim>(
  pads: readonly D[],
  axes: readonly number[] | null,
  rank: number,
): readonly (D | 0)[] {
  if (!axes) return pads;
  if (pads.length !== 2 * axes.length)
    throw new ShapeProblem(`${axes.length} axes need ${2 * axes.length} pads, got ${pads.length}`);
  const all = Array.from<unknown, D | 0>({ length: 2 * rank }, () => 0);
  axes.forEach((given, position) => {
    const axis = axisOf(given, rank);
    all[axis] = at(pads, position);
    all[axis + rank] = at(pads, position + axes.length);
  });
  return all;
}

/** Sum of dY over the places that x does not cover. */
function fillGradient(dy: Value, fill: Value, x: Value, pads: readonly number[]): Value {
  const added = pad(expand(scalarOf(x.graph, 0, dy.dtype), x.shape), pads, 1);
  return reshape(reduceSum(mul(dy, added)), fill.shape);
}

function padded(shape: Dims, pads: Dims): Dims {
  if (pads.length !== 2 * shape.length)
    throw new ShapeProblem(`${shape.length} axes need ${2 * shape.length} pads, got ${pads.length}`);
  return shape.map((size, axis) => {
    return sumOf([size, at(pads, axis), at(pads, axis + shape.length)]);
  });
}

/** x with pads[i] elements before and pads[rank + i] behind along axis i; negative amounts crop. Fills with `value`. */
export function pad(x: Value, pads: readonly number[], value = 0): Value {
  expectArguments("pad", { x: [x, aValue], pads: [pads, kinds.integers], value: [value, kinds.number] });
  if (pads.length === 2 * x.rank && pads.every((amount) => amount === 0)) return x;
  return apply(Pad, [x, integers(x.graph, pads), ...(value === 0 ? [] : [value])]);
}
