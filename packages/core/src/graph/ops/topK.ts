/** Operator TopK: the k largest or smallest elements along an axis, in order. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { int, ShapeProblem, type Operator } from "../operator.js";
import { stridesOf, toNumbers, type Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { at, axisOf, floatAt, inputOf, knownAt, outputOf, tensorAt, number } from "./access.js";
import { applyAll, integers } from "./apply.js";
import { offsets, tensorOf } from "./broadcasting.js";
import { scatterElements } from "./scatter.js";

export const TopK: Operator = {
  name: "TopK",
  sinceOpset: 11,
  attributes: { axis: "int", largest: "int", sorted: "int" },
  infer: (inputs, attributes, constants) => {
    const { dtype, shape } = floatAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", -1), shape.length);
    const [k = 0] = knownAt(constants, 1, "k");
    if (k < 1 || k > number(at(shape, axis)))
      throw new ShapeProblem(`k = ${k} is not between 1 and ${at(shape, axis)}`);
    return [
      { dtype, shape: kept(shape, axis, k) },
      { dtype: "int64", shape: kept(shape, axis, k) },
    ];
  },
  gradient: (node, [dy]) => {
    const x = inputOf(node, 0);
    const axis = axisOf(int(node.attributes, "axis", -1), x.rank);
    return [dy ? scatterElements(dy, outputOf(node, 1), x.shape, axis) : null, null];
  },
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", -1), x.shape.length);
    const [k = 1] = toNumbers(tensorAt(inputs, 1));
    const sign = int(attributes, "largest", 1) === 1 ? -1 : 1;
    const strides = stridesOf(x.shape);
    const starts = offsets(
      x.shape.map((size, place) => (place === axis ? 1 : size)),
      strides,
    );
    const shape = kept(x.shape, axis, k);
    const targets = offsets(
      x.shape.map((size, place) => (place === axis ? 1 : size)),
      stridesOf(shape),
    );
    const [values, places] = [new Float64Array(starts.length * k), new Float64Array(starts.length * k)];
    starts.forEach((start, row) => {
      const line = Array.from({ length: at(x.shape, axis) }, (_, i) =>
        Number(x.data[start + i * at(strides, axis)]),
      );
      const order = line.map((_, i) => i).sort((a, b) => sign * (at(line, a) - at(line, b)) || a - b);
      for (let i = 0; i < k; i++) {
        const target = at(targets, row) + i * at(stridesOf(shape), axis);
        places[target] = at(order, i);
        values[target] = at(line, at(order, i));
      }
    });
    return [tensorOf(x.dtype, shape, values), tensorOf("int64", shape, places)];
  },
  testPoints: [
    {
      inputs: [
        { dtype: "float32", shape: [3, 6] },
        { dtype: "int64", shape: [1], values: [2], constant: true },
      ],
    },
    {
      inputs: [
        { dtype: "float32", shape: [2, 5, 2] },
        { dtype: "int64", shape: [1], values: [3], constant: true },
      ],
      attributes: { axis: 1, largest: 0 },
    },
  ],
};

function kept<D extends Dim>(shape: readonly D[], axis: number, k: number): readonly (D | number)[] {
  return shape.map((size, place) => (place === axis ? k : size));
}

/** Options of {@link topK}: axis (default the last) and whether the largest (default) or smallest are wanted. */
export interface TopKOptions {
  readonly axis?: number;
  readonly largest?: boolean;
}

/** The k extreme elements along an axis, best first, and their int64 places; equals in order of place. */
export function topK(x: Value, k: number, options: TopKOptions = {}): { values: Value; indices: Value } {
  expectArguments("topK", { x: [x, aValue], k: [k, kinds.positiveCount], options: [options, kinds.record] });
  const attributes = { axis: options.axis ?? -1, largest: options.largest === false ? 0 : 1 };
  const outputs = applyAll(TopK, [x, integers(x.graph, [k])], attributes);
  return { values: at(outputs, 0), indices: at(outputs, 1) };
}
