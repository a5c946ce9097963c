/** numpy/ONNX broadcasting: shapes, and the index walk that the plain references use. */
import { ShapeProblem } from "../operator.js";
import {
  halfBits,
  sizeOf,
  stridesOf,
  zeros,
  type Dim,
  type DType,
  type Shape,
  type Tensor,
} from "../tensor.js";

/**
 * The common shape of operands: aligned at the last axis, size 1 stretches. An open size beside a number is that number or 1, so the
 * result is the number; of two open sizes nobody knows which is 1.
 */
export function broadcastShapes<D extends Dim>(...shapes: readonly (readonly D[])[]): readonly (D | 1)[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size: D | 1 = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === size || (typeof own === "string" && typeof size === "number" && size !== 1))
        continue;
      const isDecided = size === 1 || (typeof size === "string" && typeof own === "number");
      if (!isDecided)
        throw new ShapeProblem(
          `shapes do not broadcast: ${shapes.map((s) => `[${s.join(", ")}]`).join(" and ")}`,
        );
      size = own;
    }
    return size;
  });
}

/** For every element of `to` (row-major) the offset of the element of `from` that it reads. */
export function broadcastOffsets(from: Shape, to: Shape): Int32Array {
  const lead = to.length - from.length;
  const own = stridesOf(from);
  return offsets(
    to,
    to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : (own[axis - lead] ?? 0))),
  );
}

/** start + sum of index * stride for every index of a shape, in row-major order. */
export function offsets(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const result = new Int32Array(sizeOf(shape));
  const index = shape.map(() => 0);
  let offset = start;
  for (let position = 0; position < result.length; position++) {
    result[position] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      offset += stride;
      if (next < (shape[axis] ?? 1)) {
        index[axis] = next;
        break;
      }
      offset -= stride * next;
      index[axis] = 0;
    }
  }
  return result;
}

/** A tensor from ordinary numbers. */
export function tensorOf(dtype: DType, shape: Shape, values: ArrayLike<number>): Tensor {
  const data = zeros(dtype, sizeOf(shape));
  const isHalf = dtype === "float16" || dtype === "bfloat16";
  for (let i = 0; i < data.length; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = wholeOf(values[i] ?? 0);
    else data[i] = isHalf ? halfBits(values[i] ?? 0, dtype) : (values[i] ?? 0);
  }
  return { dtype, shape: [...shape], data };
}

/** As an int64: the largest one, which ends of Slice often are, is no ordinary number and stays the largest. */
function wholeOf(value: number): bigint {
  return value >= 2 ** 63 ? 2n ** 63n - 1n : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

/** A tensor whose element i is element pick[i] of `source`; -1 gives `fill`. */
export function pick(source: Tensor, shape: Shape, picks: ArrayLike<number>, fill = 0): Tensor {
  return tensorOf(
    source.dtype,
    shape,
    Float64Array.from(picks, (offset) => (offset < 0 ? fill : Number(source.data[offset]))),
  );
}

/** Applies a function of numbers elementwise with broadcasting. */
export function mapBroadcast(
  tensors: readonly Tensor[],
  dtype: DType,
  compute: (...elements: number[]) => number,
): Tensor {
  const shape = broadcastShapes(...tensors.map((tensor) => tensor.shape));
  const walks = tensors.map((tensor) => broadcastOffsets(tensor.shape, shape));
  const values = new Float64Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) {
    values[i] = compute(...tensors.map((tensor, t) => Number(tensor.data[walks[t]?.[i] ?? 0])));
  }
  return tensorOf(dtype, shape, values);
}
