/**
 * Reading and writing .safetensors files: 8-byte header length, JSON header, raw little-endian data.
 * Written aside and renamed, so a file is whole or absent. Format: huggingface/safetensors, README "Format".
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { oalError, sizeOf, type DType, type Tensor, expectArguments, kind, kinds } from "oal-core";
import { z } from "zod";
import { writeFileWhole } from "../runtime/writeFile.js";

const codeOf = {
  float32: "F32",
  float64: "F64",
  int64: "I64",
  int32: "I32",
  bool: "BOOL",
  uint8: "U8",
  int8: "I8",
  int16: "I16",
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  float16: "F16",
  bfloat16: "BF16",
} as const satisfies Record<DType, string>;

const bytesOf: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U64: 8,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).optional() })
  .catchall(entrySchema);

type Entry = z.infer<typeof entrySchema>;

/** Longest header in bytes that is read, as in the format's own library. */
const largestHeader = 1e8;

/** A file's tensors in header order and its string metadata. */
export interface SafetensorsContent {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the head of a file says of one tensor. */
export interface HeadEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** The bytes in front of the data of these tensors, and where in the file each begins. */
export function safetensorsHeadOf(
  tensors: readonly HeadEntry[],
  metadata?: Readonly<Record<string, string>>,
): { readonly bytes: Uint8Array; readonly offsets: ReadonlyMap<string, number> } {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const starts = new Map<string, number>();
  let offset = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype: codeOf[dtype], shape, data_offsets: [offset, offset + bytes] };
    starts.set(name, offset);
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify(header), "utf8");
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8);
  bytes.set(text, 8);
  return { bytes, offsets: new Map([...starts].map(([name, start]) => [name, bytes.length + start])) };
}

/** A safetensors file with these tensors in this order, piece by piece: the head, then each tensor's own memory. */
export function* safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array, void, undefined> {
  const entries = [...tensors].map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    bytes: data.byteLength,
  }));
  yield safetensorsHeadOf(entries, metadata).bytes;
  for (const { data } of tensors.values())
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Writes tensors to a file, atomically.
 *
 * @throws OAL-I101 when the file cannot be written (read-only folder, disk full)
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  expectArguments("writeSafetensors", {
    path: [path, kinds.name],
    tensors: [tensors, kind("a Map of tensors", (value) => value instanceof Map)],
    metadata: [metadata, kinds.optional(kinds.textRecord)],
  });
  try {
    await writeFileWhole(path, safetensorsPieces(tensors, metadata));
  } catch (cause) {
    throw oalError("OAL-I101", { path, problem: messageOf(cause) }, cause);
  }
}

/**
 * Reads the tensors of a file. F16 and BF16 become float32.
 *
 * @param only names of those that are read, where they are there. Default: all
 * @throws OAL-I112 when the file cannot be opened
 * Memory is taken for a tensor only after its sizes were found to agree with the file's: no header can ask for more than the file
 * holds.
 *
 * @throws OAL-I103 when it is no safetensors file, is cut short, contradicts itself, or holds an element type we do not read
 */
export async function readSafetensors(path: string, only?: readonly string[]): Promise<SafetensorsContent> {
  expectArguments("readSafetensors", {
    path: [path, kinds.name],
    only: [only, kinds.optional(kinds.listOf(kinds.text))],
  });
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw oalError("OAL-I112", { path, problem: messageOf(cause) }, cause);
  }
  try {
    return await readOpened(file, path, only);
  } finally {
    await file.close();
  }
}

/**
 * The shapes of a file's tensors, of which only the head is read.
 *
 * @throws the system's error when it cannot be opened, OAL-I103 when its head is none
 */
export function safetensorsShapes(path: string): ReadonlyMap<string, Pick<Tensor, "shape">> {
  const file = openSync(path, "r");
  try {
    return new Map(Object.entries(safetensorsHead(file, path).entries));
  } finally {
    closeSync(file);
  }
}

/**
 * The head of an open file: what it says of every tensor, and where the data begins.
 *
 * @throws OAL-I103 when it is none, or contradicts itself or the file's size
 */
export function safetensorsHead(
  file: number,
  path: string,
): { readonly entries: Readonly<Record<string, Entry>>; readonly start: number } {
  const { size } = fstatSync(file);
  const head = new Uint8Array(8);
  readSync(file, head, 0, 8, 0);
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  if (length > Math.min(size - 8, largestHeader))
    throw oalError("OAL-I103", { path, problem: "the header length is larger than the file allows" });
  const text = new Uint8Array(length);
  readSync(file, text, 0, length, 8);
  const { __metadata__: _metadata, ...entries } = headerOf(text, path);
  const problem = contradiction(Object.entries(entries), size - 8 - length);
  if (problem !== undefined) throw oalError("OAL-I103", { path, problem });
  return { entries, start: 8 + length };
}

/** The header's JSON. @throws OAL-I103 when it is none */
function headerOf(bytes: Uint8Array, path: string): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw oalError(
      "OAL-I103",
      { path, problem: "the header is not valid JSON of a safetensors file" },
      cause,
    );
  }
}

async function readOpened(
  file: FileHandle,
  path: string,
  only: readonly string[] | undefined,
): Promise<SafetensorsContent> {
  const damaged = (problem: string, cause?: unknown) => oalError("OAL-I103", { path, problem }, cause);
  const { size } = await file.stat();
  const read = async (position: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (position + length > size) throw damaged("the file is shorter than its header says");
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) throw damaged("the file ends too early");
      done += bytesRead;
    }
    return bytes;
  };
  if (size === 0) throw damaged("it is empty (0 bytes), so it has no header");
  if (size < 8) throw damaged("shorter than 8 bytes, so it is no safetensors file");
  const headerBytes = Number(new DataView((await read(0, 8)).buffer).getBigUint64(0, true));
  if (headerBytes > Math.min(size - 8, largestHeader)) {
    throw damaged(
      `the header length ${headerBytes} is larger than the file allows (${size} bytes), so it is cut short or no safetensors file`,
    );
  }
  const { __metadata__: metadata = {}, ...entries } = headerOf(await read(8, headerBytes), path);
  const named = Object.entries(entries);
  const problem = contradiction(named, size - 8 - headerBytes);
  if (problem !== undefined) throw damaged(problem);
  const tensors = new Map<string, Tensor>();
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [start, end],
    },
  ] of named.filter(([each]) => only?.includes(each) ?? true))
    tensors.set(name, decode(dtype, shape, (await read(8 + headerBytes + start, end - start)).buffer));
  return { tensors, metadata };
}

/** Why entries and the number of bytes behind the header do not go together; undefined when they do. */
function contradiction(
  entries: readonly (readonly [string, Entry])[],
  available: number,
): string | undefined {
  for (const [name, { dtype, shape, data_offsets: offsets }] of entries) {
    const [start, end] = offsets;
    const bytes = bytesOf[dtype];
    if (bytes === undefined) return `tensor ${name} has element type ${dtype}, which is not known`;
    const needed = bytes * sizeOf(shape);
    if (end - start !== needed)
      return `tensor ${name} of shape [${shape.join(", ")}] and type ${dtype} needs ${needed} bytes, its offsets give ${end - start}`;
    if (end > available)
      return `the file is shorter than its header says: tensor ${name} ends at byte ${end} of the data, there are ${available}`;
  }
  const ordered = entries.filter(
    ([
      ,
      {
        data_offsets: [start, end],
      },
    ]) => end > start,
  );
  ordered.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  for (const [
    place,
    [
      name,
      {
        data_offsets: [start],
      },
    ],
  ] of ordered.entries()) {
    const [before, entry] = ordered[place - 1] ?? [];
    if (before !== undefined && entry !== undefined && entry.data_offsets[1] > start)
      return `the byte ranges of tensors ${before} and ${name} overlap`;
  }
  return undefined;
}

function decode(code: string, shape: readonly number[], buffer: ArrayBuffer): Tensor {
  switch (code) {
    case "F64":
      return { dtype: "float64", shape, data: new Float64Array(buffer) };
    case "I64":
      return { dtype: "int64", shape, data: new BigInt64Array(buffer) };
    case "I32":
      return { dtype: "int32", shape, data: new Int32Array(buffer) };
    case "BOOL":
      return { dtype: "bool", shape, data: new Uint8Array(buffer) };
    case "U8":
      return { dtype: "uint8", shape, data: new Uint8Array(buffer) };
    case "U64":
      return { dtype: "uint64", shape, data: new BigUint64Array(buffer) };
    case "U32":
      return { dtype: "uint32", shape, data: new Uint32Array(buffer) };
    case "I16":
      return { dtype: "int16", shape, data: new Int16Array(buffer) };
    case "U16":
      return { dtype: "uint16", shape, data: new Uint16Array(buffer) };
    case "I8":
      return { dtype: "int8", shape, data: new Int8Array(buffer) };
    case "F16":
      return { dtype: "float32", shape, data: Float32Array.from(new Uint16Array(buffer), halfToNumber) };
    case "BF16":
      return {
        dtype: "float32",
        shape,
        data: new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
      };
    default:
      return { dtype: "float32", shape, data: new Float32Array(buffer) };
  }
}

/** The value of an IEEE 754 half-precision number given as its 16 bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** What a caught error says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
