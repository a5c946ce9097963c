/**
 * Tensors on the host: element types, shapes and flat data, row-major. What goes into a graph and comes out of it.
 */
import { expectArguments, type Kind, kinds, oalError } from "../errors/index.js";

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

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
  uint8: Uint8Array,
} as const;

/** An element type as an argument. */
export const aDType = kinds.oneOf(Object.keys(arrays));

/** A tensor's type as an argument. */
export const aTensorType = kinds.fields({ dtype: aDType, shape: kinds.sizes });

/** A tensor as an argument: element type, shape and data fit. */
export const aTensor: Kind = {
  words: "a tensor",
  fault(value, argument) {
    const fault = aTensorType.fault(value, argument);
    if (fault || !isTyped(value)) return fault;
    const { dtype, shape, data } = value;
    if (data instanceof arrays[dtype] && data.length === sizeOf(shape)) return null;
    const wanted = `a ${arrays[dtype].name} of ${sizeOf(shape)}, as ${describeType(value)} asks for`;
    return { argument: `${argument}.data`, wanted, value: data };
  },
};

/** After `aTensorType`: its fields, the data whatever it is. */
function isTyped(value: unknown): value is TensorType & { readonly data?: unknown } {
  return typeof value === "object" && value !== null && "dtype" in value;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  expectArguments("sizeOf", { shape: [shape, kinds.numbers] });
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
  expectArguments("float32Tensor", { shape: [shape, kinds.sizes], data: [data, kinds.numbers] });
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  return checked({ dtype: "float32", shape: [...shape], data: values });
}

/** An int64 tensor from ordinary numbers. */
export function int64Tensor(shape: Shape, values: ArrayLike<number>): Tensor {
  expectArguments("int64Tensor", {
    shape: [shape, kinds.sizes],
    values: [values, kinds.wholeNumbers],
  });
  return checked({ dtype: "int64", shape: [...shape], data: BigInt64Array.from(Array.from(values), BigInt) });
}

/** A uint8 tensor over the given bytes. */
export function uint8Tensor(shape: Shape, data: Uint8Array): Tensor {
  expectArguments("uint8Tensor", { shape: [shape, kinds.sizes], data: [data, kinds.bytes] });
  return checked({ dtype: "uint8", shape: [...shape], data });
}

/** Data of the given element type and length, all zero. */
export function zeros(dtype: DType, count: number): TensorData {
  expectArguments("zeros", { dtype: [dtype, aDType], count: [count, kinds.count] });
  return new arrays[dtype](count);
}

/** The elements as ordinary numbers (int64 included). */
export function toNumbers(tensor: Tensor): number[] {
  expectArguments("toNumbers", { tensor: [tensor, aTensor] });
  return Array.from<number | bigint, number>(tensor.data, Number);
}

/** The data of a float32 tensor; an error for any other element type. */
export function float32Data(tensor: Tensor, name = "tensor"): Float32Array {
  expectArguments("float32Data", { name: [name, kinds.text] });
  expectArguments("float32Data", { [name]: [tensor, aTensor] });
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
