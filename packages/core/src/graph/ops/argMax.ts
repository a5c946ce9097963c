/** Operator ArgMax: where the largest element stands. */
import { int, type Operator } from "../operator.js";
import { stridesOf, type Dim } from "../tensor.js";
import type { Value } from "../value.js";
import { at, axisOf, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { offsets, tensorOf } from "./broadcasting.js";

export const ArgMax: Operator = {
  name: "ArgMax",
  sinceOpset: 11,
  attributes: { axis: "int", keepdims: "int" },
  infer: (inputs, attributes) => {
    const { shape } = typeAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", 0), shape.length);
    return [{ dtype: "int64", shape: without(shape, axis, int(attributes, "keepdims", 1)) }];
  },
  gradient: "none",
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const axis = axisOf(int(attributes, "axis", 0), x.shape.length);
    const strides = stridesOf(x.shape);
    const starts = offsets(
      x.shape.map((size, place) => (place === axis ? 1 : size)),
      strides,
    );
    const winners = Array.from(starts, (start) => {
      let best = 0;
      const element = (i: number): number => Number(x.data[start + i * at(strides, axis)]);
      for (let i = 1; i < at(x.shape, axis); i++) if (element(i) > element(best)) best = i;
      return best;
    });
    return [tensorOf("int64", without(x.shape, axis, int(attributes, "keepdims", 1)), winners)];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [3, 4] }], attributes: { axis: 1, keepdims: 0 } },
    { inputs: [{ dtype: "float32", shape: [2, 3, 2] }], attributes: { axis: -2 } },
  ],
};

function without<D extends Dim>(shape: readonly D[], axis: number, keepDims: number): readonly (D | 1)[] {
  return shape.flatMap<D | 1>((size, place) => (place !== axis ? [size] : keepDims === 1 ? [1] : []));
}

/** int64 index of the largest element along `axis`, which vanishes; the first of equals. */
export function argMax(x: Value, axis = -1): Value {
  return apply(ArgMax, [x], { axis, keepdims: 0 });
}
