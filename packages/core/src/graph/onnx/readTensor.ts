/** Initialisers of ONNX files: raw data, typed fields or data outside the file, as tensors. */
import { expectArguments, kinds, oalError } from "../../errors/index.js";
import {
  dtypeOfCode,
  elementBytes,
  sizeOf,
  tensorOfBytes,
  zeros,
  type DType,
  type Tensor,
} from "../tensor.js";
import { carriedTypes } from "./carriedTypes.js";
import { Message } from "./protobufReader.js";

/**
 * Gives bytes of a file that lies beside the model.
 *
 * @param location the file's path as the model writes it, relative to the model's folder
 * @param offset where the bytes begin
 * @param length how many there are
 * @param where what they are the data of, for errors
 */
export type ExternalBytes = (location: string, offset: number, length: number, where: string) => Uint8Array;

/** The element type of a number in a file. @throws OAL-G113 for one that oal does not hold */
function heldType(code: number, where: string): DType {
  const dtype = dtypeOfCode(code);
  if (dtype) return dtype;
  const name = carriedTypes.get(code)?.name ?? `number ${code}`;
  throw oalError("OAL-G113", { where, problem: `is of element type ${name}, which oal does not hold` });
}

/**
 * A TensorProto as a tensor.
 *
 * @param where what the tensor is, for errors
 * @throws OAL-G112 when size and data do not fit, OAL-G113 for an element type that oal does not hold
 */
export function readTensor(message: Message, where: string, external?: ExternalBytes): Tensor {
  const fail = (problem: string): never => {
    throw oalError("OAL-G112", { where, problem });
  };
  const dtype = heldType(message.integer(2) ?? 0, where);
  const { shape, raw } = shapeAndBytes(message, 8 * elementBytes(dtype), where, external);
  return raw ? tensorOfBytes(dtype, shape, raw) : fromFields(message, dtype, shape, fail);
}

/** The shape of a TensorProto, and its data as far as they are bytes, checked against each other. */
export function shapeAndBytes(
  message: Message,
  bits: number,
  where: string,
  external: ExternalBytes | undefined,
): { readonly shape: readonly number[]; readonly raw: Uint8Array | undefined } {
  const shape = message.integers(1);
  const length = Math.ceil((sizeOf(shape) * bits) / 8);
  const fail = (problem: string): never => {
    throw oalError("OAL-G112", { where, problem });
  };
  if (shape.some((size) => size < 0) || !Number.isSafeInteger(length))
    fail(`has the shape [${shape.join(", ")}]`);
  if (message.has(3))
    throw oalError("OAL-G113", { where, problem: "is kept in segments, which oal does not read" });
  const raw =
    message.integer(14) === 1 ? externalData(message, where, length, external) : message.parts(9).at(-1);
  if (raw && raw.length !== length)
    fail(`has ${raw.length} bytes of data where its shape [${shape.join(", ")}] asks for ${length}`);
  return { shape, raw };
}

function externalData(
  message: Message,
  where: string,
  length: number,
  external: ExternalBytes | undefined,
): Uint8Array {
  const entries = externalEntries(message, where);
  const location = entries.get("location") ?? "";
  const [offset, size] = [Number(entries.get("offset") ?? 0), Number(entries.get("length") ?? length)];
  if (location === "" || !Number.isSafeInteger(offset) || offset < 0 || size !== length)
    throw oalError("OAL-G112", {
      where,
      problem: `has its data in the file "${location}", ${size} bytes from byte ${offset}, where its shape asks for ${length}`,
    });
  if (!external)
    throw oalError("OAL-G113", {
      where,
      problem: `has its data in another file, "${location}", which was not given`,
    });
  return external(location, offset, length, where);
}

function externalEntries(tensor: Message, where: string): ReadonlyMap<string, string> {
  return new Map(tensor.messages(13, where).map((entry) => [entry.text(1), entry.text(2)] as const));
}

/**
 * The files beside a model in which its initialisers' data lie, by the names that it gives them, each once.
 *
 * @throws OAL-G112 for bytes that are no ONNX model
 */
export function dataFilesOf(bytes: Uint8Array): string[] {
  expectArguments("dataFilesOf", { bytes: [bytes, kinds.bytes] });
  const graph = new Message(bytes, "the file").message(7, "the graph");
  const outside = graph?.messages(5, "an initialiser").filter((tensor) => tensor.integer(14) === 1) ?? [];
  return [
    ...new Set(outside.map((tensor) => externalEntries(tensor, "an initialiser").get("location") ?? "")),
  ];
}

/** Data in a field of their own kind, as small tensors often have them. Counted before anything is made of them. */
function fromFields(
  message: Message,
  dtype: DType,
  shape: readonly number[],
  fail: (problem: string) => never,
): Tensor {
  const size = sizeOf(shape);
  const checked = (count: number): number =>
    count === size
      ? count
      : fail(`has ${count} elements of data where its shape [${shape.join(", ")}] asks for ${size}`);
  if (dtype === "float32" || dtype === "float64") {
    const values = dtype === "float32" ? message.floats(4) : message.floats(10, 8);
    checked(values.length);
    return {
      dtype,
      shape,
      data: dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values),
    };
  }
  // Bits of float16 and bfloat16 too.
  const field = dtype === "int64" ? 7 : dtype === "uint64" || dtype === "uint32" ? 11 : 5;
  const data = zeros(dtype, checked(message.count(field)));
  if (!(data instanceof Float32Array || data instanceof Float64Array)) message.fill(field, data);
  return { dtype, shape, data };
}
