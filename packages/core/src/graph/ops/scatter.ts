/** The adjoint of picking along an axis, as products with one-hot rows: runs on every provider. */
import { sizeOf, type Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { at } from "./access.js";
import { cast } from "./cast.js";
import { gemm } from "./gemm.js";
import { mul } from "./mul.js";
import { oneHot } from "./oneHot.js";
import { pad } from "./pad.js";
import { reduceSum } from "./reduceSum.js";
import { reshape, unsqueeze } from "./reshape.js";
import { transpose } from "./transpose.js";

/** Gradient of gather(x, indices, axis): sums dY's slices into the places they came from. */
export function scatterSlices(dy: Value, indices: Value, shape: Shape, axis: number): Value {
  const length = at(shape, axis);
  const picks = sizeOf(indices.shape);
  const rows = cast(oneHot(reshape(indices, [picks]), length), dy.dtype);
  const before = sizeOf(shape.slice(0, axis));
  const after = sizeOf(shape.slice(axis + 1));
  const slices = transpose(reshape(dy, [before, picks, after]), [1, 0, 2]);
  const summed = gemm(rows, reshape(slices, [picks, before * after]), null, { transA: true });
  return reshape(transpose(reshape(summed, [length, before, after]), [1, 0, 2]), shape);
}

/** Gradient of gatherElements(x, indices, axis): adds every element of dY at the place along `axis` that its index names. */
export function scatterElements(dy: Value, indices: Value, shape: Shape, axis: number): Value {
  const rank = shape.length;
  const rows = mul(cast(oneHot(indices, at(shape, axis)), dy.dtype), unsqueeze(dy, [rank]));
  const summed = reduceSum(rows, [axis]);
  const order = shape.map((_, place) => (place === axis ? rank - 1 : place > axis ? place - 1 : place));
  const placed = transpose(summed, order);
  return pad(placed, [...shape.map(() => 0), ...shape.map((size, place) => size - at(placed.shape, place))]);
}
