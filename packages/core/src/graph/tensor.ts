/**
 * Tensors on the host: element types, shapes and flat data, row-major. What goes into a graph and comes out of it.
 */
import { expectArguments, kind, type Kind, kinds, oalError } from "../errors/index.js";

/**
 * The element types of ONNX that oal holds: how their data is kept, and ONNX's number (TensorProto.DataType). `bool` is
 * kept in bytes, `float16` and `bfloat16` as their bits.
 */
const elementTypes = {
  float32: { array: Float32Array, code: 1 },
  uint8: { array: Uint8Array, code: 2 },
  int8: { array: Int8Array, code: 3 },
  uint16: { array: Uint16Array, code: 4 },
  int16: { array: Int16Array, code: 5 },
  int32: { array: Int32Array, code: 6 },
  int64: { array: BigInt64Array, code: 7 },
  bool: { array: Uint8Array, code: 9 },
  float16: { array: Uint16Array, code: 10 },
  float64: { array: Float64Array, code: 11 },
  uint32: { array: Uint32Array, code: 12 },
  uint64: { array: BigUint64Array, code: 13 },
  bfloat16: { array: Uint16Array, code: 16 },
} as const;

/** An element type that oal holds. Operators of the table compute with `computedTypes`. */
export type DType = keyof typeof elementTypes;

/** Element types that oal computes with; tensors of the others are read, held, written and handed to operators from outside. */
export const computedTypes: readonly DType[] = ["float32", "float64", "int64", "int32", "bool", "uint8"];

/** Sizes along each axis; [] is a scalar. */
export type Shape = readonly number[];

/** The size of one axis of a value: a number, or the name of a size that is open until the graph runs ("batch"). Equal names are equal sizes. */
export type Dim = number | string;

/** The axes of a value. */
export type Dims = readonly Dim[];

/** What is known of a value before it is computed. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Dims;
}

/** The type of a tensor, or of a value without open axes. */
export interface TensorType extends ValueType {
  readonly shape: Shape;
}

/** Flat data of a tensor. */
export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A tensor on the host. */
export interface Tensor extends TensorType {
  readonly data: TensorData;
}

/** ONNX's number of an element type. */
export function codeOf(dtype: DType): number {
  return elementTypes[dtype].code;
}

const isDType = (name: string): name is DType => Object.hasOwn(elementTypes, name);
const dtypes = Object.keys(elementTypes).filter(isDType);
const byCode = new Map(dtypes.map((dtype) => [codeOf(dtype), dtype]));

/** The element type of one of ONNX's numbers; undefined for those that oal does not hold (strings, complex numbers, 4 and 8 bit floats). */
export function dtypeOfCode(code: number): DType | undefined {
  return byCode.get(code);
}

/** Bytes of one element. */
export function elementBytes(dtype: DType): number {
  return elementTypes[dtype].array.BYTES_PER_ELEMENT;
}

/** An element type as an argument. */
export const aDType = kinds.oneOf(dtypes);

/** A tensor's type as an argument. */
export const aTensorType = kinds.fields({ dtype: aDType, shape: kinds.sizes });

/** A value's type as an argument: as a tensor's, an axis may also be a name. */
export const aValueType = kinds.fields({
  dtype: aDType,
  shape: kinds.listOf(
    kind(
      "a whole number of at least 0 or the name of an open size",
      (size) => (typeof size === "string" && size !== "") || kinds.count.fault(size, "") === null,
    ),
  ),
});

/** Sizes, names of open sizes, and -1 where a size follows from the others. */
export const aDimList = kinds.listOf(
  kind(
    "a whole number or the name of an open size",
    (size) => (typeof size === "string" && size !== "") || Number.isSafeInteger(size),
  ),
);

/** A tensor as an argument: element type, shape and data fit. */
export const aTensor: Kind = {
  words: "a tensor",
  fault(value, argument) {
    const fault = aTensorType.fault(value, argument);
    if (fault || !isTyped(value)) return fault;
    const { dtype, shape, data } = value;
    const { array } = elementTypes[dtype];
    if (data instanceof array && data.length === sizeOf(shape)) return null;
    const wanted = `a ${array.name} of ${sizeOf(shape)}, as ${describeType(value)} asks for`;
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

/**
 * The sizes of axes, where a computation needs numbers.
 *
 * @param owner whose axes they are, for the error
 * @throws OAL-G114 when an axis is open, naming it
 */
export function sizesOf(dims: Dims, owner: string): Shape {
  return dims.map((size) => {
    if (typeof size === "number") return size;
    throw oalError("OAL-G114", { value: owner, size });
  });
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
  return new elementTypes[dtype].array(count);
}

/**
 * A tensor over little-endian bytes, as files hold them: a view where they lie well in memory, otherwise a copy.
 *
 * @param bytes exactly as many as the shape asks for
 */
export function tensorOfBytes(dtype: DType, shape: Shape, bytes: Uint8Array): Tensor {
  expectArguments("tensorOfBytes", {
    dtype: [dtype, aDType],
    shape: [shape, kinds.sizes],
    bytes: [bytes, kinds.bytes],
  });
  const { array } = elementTypes[dtype];
  const isView = bytes.buffer instanceof ArrayBuffer && bytes.byteOffset % array.BYTES_PER_ELEMENT === 0;
  const buffer = isView ? bytes.buffer : Uint8Array.from(bytes).buffer;
  const count = Math.floor(bytes.byteLength / array.BYTES_PER_ELEMENT);
  const data = new array(buffer, isView ? bytes.byteOffset : 0, count);
  return checked({ dtype, shape: [...shape], data });
}

/** The elements as ordinary numbers: 64-bit integers lose what lies beyond 53 bits, 16-bit floats nothing. */
export function toNumbers(tensor: Tensor): number[] {
  expectArguments("toNumbers", { tensor: [tensor, aTensor] });
  if (tensor.dtype === "float16")
    return Array.from<number | bigint, number>(tensor.data, (bits) => fromHalf(Number(bits)));
  if (tensor.dtype === "bfloat16")
    return Array.from<number | bigint, number>(tensor.data, (bits) => fromBrainFloat(Number(bits)));
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
export function describeType(type: ValueType): string {
  return `${type.dtype}[${type.shape.join(", ")}]`;
}

/** A float16 of 1 sign, 5 exponent and 10 fraction bits. */
function fromHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the float16 or bfloat16 nearest to a number, of two equally near ones the even. */
export function halfBits(value: number, dtype: "float16" | "bfloat16"): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  const [fractionBits, lowest, infinity] =
    dtype === "float16" ? ([10, -14, 0x7c00] as const) : ([7, -126, 0x7f80] as const);
  if (Number.isNaN(value)) return infinity + 1;
  if (size === Infinity) return sign + infinity;
  const exponent = Math.max(lowest, Math.floor(Math.log2(Math.max(size, Number.MIN_VALUE))));
  // The bits count steps from 0 on: a number rounded up to the next exponent, or to infinity, is the right one.
  const steps = halfToEven(size / 2 ** (exponent - fractionBits));
  const bits = (exponent - lowest) * 2 ** fractionBits + steps;
  return sign + Math.min(bits, infinity);
}

function halfToEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** A bfloat16 is the upper half of a float32. */
function fromBrainFloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 65536);
  return view.getFloat32(0);
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
