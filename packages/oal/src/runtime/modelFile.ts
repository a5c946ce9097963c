/** ONNX models as files: weights of more than 1 GB in a file beside the model, and read back from there. */
import { createHash, randomBytes, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  dataFilesOf,
  expectArguments,
  kind,
  kinds,
  modelParts,
  type ModelParts,
  oalError,
  readModel,
  weightBytes,
  type Graph,
  type ReadModel,
  type ReadOptions,
  type WriteOptions,
} from "oal-core";
import { writeFileWhole } from "./writeFile.js";

/** Bytes of constants beyond which they lie in a file of their own: 1 GB. */
const largeWeights = 1e9;
/** A model file with its weights beside it is no larger. */
const largestDescription = 64 * 2 ** 20;

/** How a model is written to a file. */
export interface ModelFileOptions extends Omit<WriteOptions, "data"> {
  /** Whether weights lie in a file beside the model. Default: when they are more than 1 GB. */
  readonly weightsBeside?: boolean;
  /** Keys of the metadata that shall hold checksums. Default: none does. */
  readonly checksums?: ChecksumKeys;
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
  const { weightsBeside = weightBytes(graph) > largeWeights, checksums, ...rest } = options;
  const folder = dirname(path);
  const before = await dataBeside(path);
  const data = weightsBeside ? `weights-${randomBytes(8).toString("hex")}.data` : null;
  const metadata = { ...rest.metadata };
  const parts = (): ModelParts =>
    modelParts(graph, { ...rest, metadata, ...(data === null ? {} : { data }) });
  const written = [path];
  try {
    const weights = parts().data;
    if (data !== null && weights.length > 0) {
      const hash = createHash("sha256");
      await writeFileWhole(join(folder, data), checksums ? hashed(weights, hash) : weights);
      written.push(join(folder, data));
      if (checksums) metadata[checksums.weights] = hash.digest("hex");
    }
    if (checksums) metadata[checksums.model] = "0".repeat(checksumLength);
    const { model } = parts();
    await writeFileWhole(path, checksums ? endingWithChecksum(model) : model);
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

/** A model whose last bytes make room for a checksum: the same with that of all before in their place. */
function* endingWithChecksum(model: readonly Uint8Array[]): Generator<Uint8Array> {
  const hash = createHash("sha256");
  const last = model.at(-1) ?? new Uint8Array();
  yield* hashed([...model.slice(0, -1), last.subarray(0, -checksumLength)], hash);
  yield Buffer.from(hash.digest("hex"));
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
 * @throws OAL-G112, OAL-G113 as `readModel`, also where a file beside the model is missing or lies outside its folder; the system's
 *   errors for the model itself
 * @example const { graph, metadata } = await readModelFile("model.onnx");
 */
export async function readModelFile(
  path: string,
  options: Omit<ReadOptions, "external"> = {},
): Promise<ReadModel> {
  expectArguments("readModelFile", { path: [path, kinds.name], options: [options, kinds.record] });
  const bytes = await readFile(path);
  return readModel(bytes, {
    ...options,
    external: (location, offset, length) => {
      if (basename(location) !== location)
        throw oalError("OAL-G113", { where: path, problem: `has data outside its folder, at "${location}"` });
      return bytesOfFile(join(dirname(path), location), offset, length);
    },
  });
}

function bytesOfFile(path: string, offset: number, length: number): Uint8Array {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw oalError(
      "OAL-G112",
      { where: path, problem: "cannot be opened, though the model's data lie in it" },
      cause,
    );
  }
  try {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
      if (count === 0)
        throw oalError("OAL-G112", {
          where: path,
          problem: `ends before byte ${offset + length}, up to which the model's data go`,
        });
      done += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
