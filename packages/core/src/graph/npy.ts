/**
 * Reader of NumPy's `.npy` format (versions 1 to 3, little endian, C order), the form of the reference values and of
 * the members of published score files. Reading only.
 */
import type { Tensor } from "./tensor.js";

/**
 * Decodes one `.npy` file.
 *
 * @param bytes the file's content
 * @param name what to call it in an error
 * @returns the host tensor; `<f4 <f8 <i4 <i8 |u1 |b1` are known, other element types, Fortran order and truncation throw
 */
export function readNpy(bytes: Uint8Array, name = "npy"): Tensor {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (magic.some((byte, i) => bytes[i] !== byte)) throw new Error(`${name}: not an npy file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = view.getUint8(6) > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = String.fromCharCode(...bytes.subarray(start, end));
  const descriptor = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "";
  if (!/'fortran_order':\s*False/.test(header)) throw new Error(`${name}: Fortran order is not supported`);
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const itemSize = Number(/\d+$/.exec(descriptor)?.[0] ?? 0);
  if (end + count * itemSize > bytes.byteLength) throw new Error(`${name}: truncated`);
  const payload = new Uint8Array(count * itemSize); // a copy: the payload need not be aligned, and a Buffer shares its memory
  payload.set(bytes.subarray(end, end + payload.length));
  const data = payload.buffer;
  switch (descriptor) {
    case "<f4":
      return { dtype: "float32", shape, data: new Float32Array(data) };
    case "<f8":
      return { dtype: "float64", shape, data: new Float64Array(data) };
    case "<i4":
      return { dtype: "int32", shape, data: new Int32Array(data) };
    case "<i8":
      return { dtype: "int64", shape, data: new BigInt64Array(data) };
    case "|u1":
      return { dtype: "uint8", shape, data: new Uint8Array(data) };
    case "|b1":
      return { dtype: "bool", shape, data: new Uint8Array(data) };
    default:
      throw new Error(`${name}: element type ${descriptor} is not supported`);
  }
}
