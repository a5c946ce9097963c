/**
 * The metadata of an ONNX file without its weights: the top-level fields of a ModelProto are walked through, and the graph
 * is passed over, so that a file of any size is asked in a few milliseconds.
 */
import { openWindowed, type WindowedFile } from "../data/archives/byteSource.js";

/** Fields of ModelProto. */
const fields = { graph: 7, metadata: 14 } as const;
/** Far above any metadata; what claims more is damaged. */
const MOST_BYTES = 2 ** 26;
const LONGEST_NUMBER = 10;

/** Why bytes are no ONNX model, as a clause. */
export class OnnxProblem extends Error {}

/**
 * Reads the key-value pairs of a model.
 *
 * @throws OnnxProblem for a file that is no ONNX model, or is cut off; the system's errors
 */
export async function readOnnxMetadata(path: string): Promise<Map<string, string>> {
  const file = await openWindowed(path);
  try {
    return await metadataOf(file);
  } finally {
    await file.close();
  }
}

async function metadataOf(file: WindowedFile): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let hasGraph = false;
  for (let at = 0; at < file.size;) {
    const field = fieldAt(await file.read(at, 2 * LONGEST_NUMBER), file.size - at);
    // Every writer begins with the format's version, field 1; no picture, archive or text begins so.
    if (at === 0 && field?.number !== 1) throw new OnnxProblem("it is no ONNX model");
    if (field === undefined) throw new OnnxProblem("it is no whole ONNX model");
    const { number, start, length } = field;
    if (at + start + length > file.size) throw new OnnxProblem("it is cut off");
    if (number === fields.graph) hasGraph = true;
    if (number === fields.metadata) {
      if (length > MOST_BYTES) throw new OnnxProblem("its metadata are damaged");
      const [key, value] = entryOf(await file.read(at + start, length));
      found.set(key, value);
    }
    at += start + length;
  }
  if (!hasGraph) throw new OnnxProblem("it is no ONNX model");
  return found;
}

interface Field {
  readonly number: number;
  /** Where its content begins, and how long it is, in bytes. */
  readonly start: number;
  readonly length: number;
}

/** The field that begins here; undefined for bytes that are none. */
function fieldAt(bytes: Uint8Array, available: number): Field | undefined {
  const tag = numberAt(bytes, 0);
  if (!tag || tag.value < 8) return undefined;
  const number = Math.floor(tag.value / 8);
  switch (tag.value % 8) {
    case 0: {
      const content = numberAt(bytes, tag.end);
      return content && { number, start: tag.end, length: content.end - tag.end };
    }
    case 1:
      return { number, start: tag.end, length: 8 };
    case 2: {
      const length = numberAt(bytes, tag.end);
      return length && { number, start: length.end, length: length.value };
    }
    case 5:
      return available < 5 ? undefined : { number, start: tag.end, length: 4 };
    default:
      return undefined;
  }
}

/** A number of variable length, and where it ends. */
function numberAt(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < LONGEST_NUMBER; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: start + i + 1 };
  }
  return undefined;
}

function entryOf(bytes: Uint8Array): [key: string, value: string] {
  const texts = new Map<number, string>();
  for (let at = 0; at < bytes.length;) {
    const field = fieldAt(bytes.subarray(at), bytes.length - at);
    if (!field || at + field.start + field.length > bytes.length)
      throw new OnnxProblem("its metadata are damaged");
    const end = at + field.start + field.length;
    texts.set(field.number, new TextDecoder().decode(bytes.subarray(at + field.start, end)));
    at = end;
  }
  return [texts.get(1) ?? "", texts.get(2) ?? ""];
}
