/** The element types of ONNX that oal carries without computing with them: their names and bits, by ONNX's number of each. */

/** One of them. */
export interface CarriedType {
  readonly name: string;
  /** Bits of one element; those of less than a byte lie packed. Null for strings. */
  readonly bits: number | null;
}

/** By TensorProto.DataType. */
export const carriedTypes: ReadonlyMap<number, CarriedType> = new Map([
  [8, { name: "string", bits: null }],
  [14, { name: "complex64", bits: 64 }],
  [15, { name: "complex128", bits: 128 }],
  [17, { name: "float8e4m3fn", bits: 8 }],
  [18, { name: "float8e4m3fnuz", bits: 8 }],
  [19, { name: "float8e5m2", bits: 8 }],
  [20, { name: "float8e5m2fnuz", bits: 8 }],
  [21, { name: "uint4", bits: 4 }],
  [22, { name: "int4", bits: 4 }],
  [23, { name: "float4e2m1", bits: 4 }],
  [24, { name: "float8e8m0", bits: 8 }],
  [25, { name: "uint2", bits: 2 }],
  [26, { name: "int2", bits: 2 }],
]);
