/** Zeros between elements: the adjoint of a strided slice. */
import type { Value } from "../value.js";
import { pad } from "./pad.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";

/** x with stride - 1 zeros between neighbours along an axis; the new size is (size - 1) * stride + 1. */
export function spread(x: Value, axis: number, stride: number): Value {
  const size = x.size(axis);
  if (stride === 1 || size <= 1) return x;
  const shape = [...x.dims.slice(0, axis), size, 1, ...x.dims.slice(axis + 1)];
  const after = shape.map((_, place) => (place === axis + 1 ? stride - 1 : 0));
  const wide = pad(reshape(x, shape), [...shape.map(() => 0), ...after]);
  const joined = reshape(wide, [...x.dims.slice(0, axis), size * stride, ...x.dims.slice(axis + 1)]);
  return slice(joined, [0], [(size - 1) * stride + 1], [axis]);
}
