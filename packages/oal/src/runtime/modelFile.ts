/** ONNX models as files: weights of more than 1 GB in a file beside the model, and read back from there. */
import { createHash, randomBytes, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  dataFilesOf,
  expectArguments,
  kind,
  kinds,
  modelParts,
  type ModelParts,
  OalError,
  oalError,
  readModel,
  weightBytes,
  type ExternalBytes,
  type Graph,
  type ReadModel,
  type ReadOptions,
  type WriteOptions,
} from "oal-core";
import { notRegular } from "./notRegular.js";
import { writeFileWhole } from "./writeFile.js";

/** Bytes of constants beyond which they lie in a file of their own: 1 GB. */
const largeWeights = 1e9;
/** A model file with its weights beside it is no larger. */
const largestDescription = 64 * 2 ** 20;

/** The largest file that ONNX Runtime reads: protobuf's limit. */
const largestFile = 2 ** 31 - 1;

/** How a model is written to a file. */
export interface ModelFileOptions extends Omit<WriteOptions, "data"> {
  /** Whether weights lie in a file beside the model. Default: when they are more than 1 GB. */
  readonly weightsBeside?: boolean;
  /** Keys of the metadata that shall hold checksums. Default: none does. */
  readonly checksums?: ChecksumKeys;
  /**
   * Called when all is written and the model has not taken its place yet, with the name that it has until then (checksums follow later).
   * What it returns is added to the metadata; where it throws, nothing is left.
   */
  readonly complete?: (aside: string) => Promise<Readonly<Record<string, string>>>;
}

/** Metadata keys of the checksums of a model: SHA-256 as 64 hexadecimal digits. */
export interface ChecksumKeys {
  /** Of all bytes of the model's file but the last 64, which are this checksum. */
  readonly model: string;
  /** Of the file with the weights, where there is one. */
  readonly weights: string;
}

/** Hexadecimal digits of a checksum. */
export const checksumLength = 64;
/** Weights are hashed and written in pieces of so many bytes, the one while the other is under way. */
const pieceBytes = 2 ** 23;

const aGraphOfNodes = kind(
  "a graph",
  (value) => kinds.fields({ nodes: kinds.listOf(kinds.record) }).fault(value, "") === null,
);
const modelFileOptions = kinds.fields({
  name: kinds.optional(kinds.text),
  metadata: kinds.optional(kinds.textRecord),
  weightsBeside: kinds.optional(kinds.boolean),
  checksums: kinds.optional(kinds.fields({ model: kinds.text, weights: kinds.text })),
  complete: kinds.optional(kinds.callback),
});

/**
 * Writes a graph as an ONNX file, whole or not at all. Weights beside it have a name of their own (weights-….data), so that no other
 * model's are taken for them; both files are copied together, under unchanged names but the model's. Those of the model that was there
 * before are removed.
 *
 * @returns the paths that were written, the model's first
 * @throws OAL-G116, OAL-G117 as `modelParts`; the system's errors (ENOSPC, ...)
 * @cost the weights are written from where they are: no copy of them in memory
 * @example await writeModelFile("model.onnx", graph, { metadata: { classes: "ant,bee" } });
 */
export async function writeModelFile(
  path: string,
  graph: Graph,
  options: ModelFileOptions = {},
): Promise<string[]> {
  expectArguments("writeModelFile", {
    path: [path, kinds.name],
    graph: [graph, aGraphOfNodes],
    options: [options, modelFileOptions],
  });
  const { weightsBeside = weightBytes(graph) > largeWeights, checksums, complete, ...rest } = options;
  const folder = dirname(path);
  const before = await dataBeside(path);
  const data = weightsBeside ? `weights-${randomBytes(8).toString("hex")}.data` : null;
  const parts = (metadata: Record<string, string>): ModelParts =>
    modelParts(graph, { ...rest, metadata, ...(data === null ? {} : { data }) });
  const written = [path];
  const metadata = { ...rest.metadata };
  try {
    const { model: head, data: weights } = parts({});
    if (data !== null && weights.length > 0) {
      const hash = createHash("sha256");
      await writeFileWhole(join(folder, data), checksums ? hashed(weights, hash) : weights);
      written.push(join(folder, data));
      if (checksums) metadata[checksums.weights] = hash.digest("hex");
    }
    // Metadata end the file: they alone are written again when what is to be added is known.
    const headLength = head.reduce((sum, { length }) => sum + length, 0);
    const endOf = (entries: Record<string, string>): Buffer => bytesFrom(headLength, parts(entries).model);
    const hash = createHash("sha256");
    const pieces = function* (): Generator<Uint8Array> {
      yield* checksums ? hashed(head, hash) : head;
      if (complete) yield endOf(metadata);
    };
    await writeFileWhole(path, pieces(), async (aside, file) => {
      if (complete) Object.assign(metadata, await complete(aside));
      if (checksums) metadata[checksums.model] = "0".repeat(checksumLength);
      const end = endOf(metadata);
      if (checksums) {
        hash.update(end.subarray(0, -checksumLength));
        end.write(hash.digest("hex"), end.length - checksumLength);
      }
      await file.truncate(headLength);
      for (let done = 0; done < end.length;)
        done += (await file.write(end, done, end.length - done, headLength + done)).bytesWritten;
    });
  } catch (error) {
    if (data !== null) await rm(join(folder, data), { force: true });
    throw error;
  }
  for (const name of before) await rm(join(folder, name), { force: true });
  return written;
}

/** The pieces themselves, hashed when they are asked for. */
function* hashed(parts: readonly Uint8Array[], hash: Hash): Generator<Uint8Array> {
  for (const part of parts)
    for (let at = 0; at < part.length; at += pieceBytes) {
      const piece = part.subarray(at, at + pieceBytes);
      hash.update(piece);
      yield piece;
    }
}

/** The bytes of pieces from a place on. */
function bytesFrom(start: number, pieces: readonly Uint8Array[]): Buffer {
  let at = 0;
  const found: Uint8Array[] = [];
  for (const piece of pieces) {
    found.push(piece.subarray(Math.max(0, start - at)));
    at += piece.length;
  }
  return Buffer.concat(found);
}

/** The files of weights that a model written by {@link writeModelFile} names; none when it is no such model. */
async function dataBeside(path: string): Promise<readonly string[]> {
  try {
    if ((await stat(path)).size > largestDescription) return [];
    return dataFilesOf(await readFile(path)).filter((name) => /^weights-[0-9a-f]{16}\.data$/.test(name));
  } catch {
    return [];
  }
}

/**
 * Reads an ONNX file, and what of it lies in files beside it.
 *
 * @throws OAL-G112, OAL-G113, OAL-G118 to OAL-G121 as `readModel`, naming the file; also where a file beside the model is missing,
 *   too short, or lies outside its folder; the system's errors for the model itself
 * @example const { graph, metadata } = await readModelFile("model.onnx");
 */
export async function readModelFile(
  path: string,
  options: Omit<ReadOptions, "external"> = {},
): Promise<ReadModel> {
  expectArguments("readModelFile", { path: [path, kinds.name], options: [options, kinds.record] });
  const found = await stat(path);
  // a pipe may block and a device may never end
  const problem = notRegular(found);
  if (problem !== undefined) throw oalError("OAL-I112", { path, problem });
  const { size } = found;
  if (size > largestFile)
    throw oalError("OAL-G112", {
      where: path,
      problem: `is ${size} bytes long, and an ONNX file is shorter than 2 GiB`,
    });
  const bytes = await readFile(path);
  return named(path, () => readModel(bytes, { ...options, external: bytesBeside(path) }));
}

/** Errors of reading name the file in place of "the file", or in front of the part that they speak of. */
function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OalError)) throw error;
    const { where, ...details } = error.details;
    const place = where === "the file" ? path : `${path}: ${String(where)}`;
    switch (error.code) {
      case "OAL-G112":
      case "OAL-G113":
        throw oalError(error.code, { where: place, problem: String(details["problem"]) }, error);
      case "OAL-G118":
        throw oalError(error.code, { where: place, nodes: String(details["nodes"]) }, error);
      case "OAL-G119": {
        const [opset, oldest, newest] = ["opset", "oldest", "newest"].map((key) => Number(details[key]));
        throw oalError(
          error.code,
          { where: place, opset: opset ?? 0, oldest: oldest ?? 0, newest: newest ?? 0 },
          error,
        );
      }
      case "OAL-G120":
        throw oalError(error.code, { where: place, what: String(details["what"]) }, error);
      case "OAL-G121":
        throw oalError(error.code, { where: place }, error);
      default:
        throw error;
    }
  }
}

/** Reads data from the files beside a model. */
function bytesBeside(path: string): ExternalBytes {
  return (location, offset, length, where) => {
    if (basename(location) !== location || location === "..")
      throw oalError("OAL-G113", {
        where,
        problem: `has its data outside the model's folder, at "${location}"`,
      });
    return bytesOfFile(join(dirname(path), location), offset, length, where);
  };
}

function bytesOfFile(path: string, offset: number, length: number, where: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw oalError("OAL-G112", { where, problem: `has its data in ${path}, which cannot be opened` }, cause);
  }
  try {
    // Before memory is asked for: the model may promise anything.
    const { size } = fstatSync(file);
    if (offset + length > size)
      throw oalError("OAL-G112", {
        where,
        problem: `has its data in ${path} up to byte ${offset + length}, and that file ends at ${size}`,
      });
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
      if (count === 0)
        throw oalError("OAL-G112", {
          where,
          problem: `has its data in ${path}, which became shorter while it was read`,
        });
      done += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
