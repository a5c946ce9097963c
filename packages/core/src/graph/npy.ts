/**
 * Reader of NumPy's `.npy` format (versions 1 to 3, C order, bytes in either order), the form of the reference values and of
 * the members of published score files. Reading only.
 */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { elementBytes, sizeOf, zeros, type DType, type Tensor } from "./tensor.js";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's kinds and widths of elements that oal reads. */
const elementTypes: ReadonlyMap<string, DType> = new Map([
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
  ["b1", "bool"],
]);

/** The element type of a descriptor: "<" or ">" and its kind, or "|" and one of a single byte; undefined for others. */
function elementTypeOf(descriptor: string): DType | undefined {
  const single = descriptor.endsWith("1");
  return /^[<>|]/.test(descriptor) && descriptor.startsWith("|") === single
    ? elementTypes.get(descriptor.slice(1))
    : undefined;
}

/** Turns the bytes of every element round, in place. */
function turnRound(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/**
 * Decodes one `.npy` file.
 *
 * @param bytes the file's content
 * @param name what to call it in an error
 * @returns the host tensor; floats of 2, 4 and 8 bytes and integers of 1 to 8, little endian or big, and booleans are known
 * @throws OAL-D109 for other content: no npy file, other element types, Fortran order, truncation
 */
export function readNpy(bytes: Uint8Array, name = "npy"): Tensor {
  expectArguments("readNpy", { bytes: [bytes, kinds.bytes], name: [name, kinds.text] });
  const refuse = (problem: string): never => {
    throw oalError("OAL-D109", { path: name, problem });
  };
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) refuse("it is no npy file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = view.getUint8(6) > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) refuse("its header is cut short");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, end));
  if (!/'fortran_order':\s*False/.test(header)) refuse("Fortran order is not supported");
  const descriptor = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "";
  const dtype =
    elementTypeOf(descriptor) ?? refuse(`element type ${descriptor || "unknown"} is not supported`);
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? refuse("it has no shape"))
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  const size = sizeOf(shape) * elementBytes(dtype);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    refuse("its shape is not of whole numbers");
  if (end + size > bytes.length) refuse("it is cut short");
  const data = zeros(dtype, sizeOf(shape));
  // A copy: the payload need not be aligned, and a Buffer shares its memory.
  const copy = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  copy.set(bytes.subarray(end, end + size));
  if (descriptor.startsWith(">")) turnRound(copy, elementBytes(dtype));
  return { dtype, shape, data };
}
