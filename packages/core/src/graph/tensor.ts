/**
 * Tensors on the host: element types, shapes and flat data, row-major. What goes into a graph and comes out of it.
 */
import { oalError } from "../errors/index.js";

/** Element types oal computes with. `bool` and `uint8` are both held in a Uint8Array. */
export type DType = "float32" | "float64" | "int64" | "int32" | "bool" | "uint8";

/** Sizes along each axis; [] is a scalar. Shapes in a graph are static. */
export type Shape = readonly number[];

/** What is known of a value before it is computed. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Flat data of a tensor. */
export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** A tensor on the host. */
export interface Tensor extends TensorType {
  readonly data: TensorData;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Row-major strides of a shape, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = Array.from(shape, () => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** A float32 tensor over the given data (not copied when it already is a Float32Array). */
export function float32Tensor(shape: Shape, data: ArrayLike<number>): Tensor {
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  return checked({ dtype: "float32", shape: [...shape], data: values });
}

/** An int64 tensor from ordinary numbers. */
export function int64Tensor(shape: Shape, values: ArrayLike<number>): Tensor {
  return checked({ dtype: "int64", shape: [...shape], data: BigInt64Array.from(Array.from(values), BigInt) });
}

/** A uint8 tensor over the given bytes. */
export function uint8Tensor(shape: Shape, data: Uint8Array): Tensor {
  return checked({ dtype: "uint8", shape: [...shape], data });
}

/** Data of the given element type and length, all zero. */
export function zeros(dtype: DType, count: number): TensorData {
  switch (dtype) {
    case "float32":
      return new Float32Array(count);
    case "float64":
      return new Float64Array(count);
    case "int64":
      return new BigInt64Array(count);
    case "int32":
      return new Int32Array(count);
    case "bool":
    case "uint8":
      return new Uint8Array(count);
  }
}

/** The elements as ordinary numbers (int64 included). */
export function toNumbers(tensor: Tensor): number[] {
  return Array.from<number | bigint, number>(tensor.data, Number);
}

/** The data of a float32 tensor; an error for any other element type. */
export function float32Data(tensor: Tensor, name = "tensor"): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  throw oalError("OAL-R102", { input: name, problem: `expected float32, found ${tensor.dtype}` });
}

/** A tensor type as people write it: float32[2, 3]. */
export function describeType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(", ")}]`;
}

function checked(tensor: Tensor): Tensor {
  if (tensor.data.length !== sizeOf(tensor.shape)) {
    throw oalError("OAL-R102", {
      input: "tensor",
      problem: `shape [${tensor.shape.join(", ")}] needs ${sizeOf(tensor.shape)} elements, data has ${tensor.data.length}`,
    });
  }
  return tensor;
}
