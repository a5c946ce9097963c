/** ONNX models as files: weights of more than 1 GB in a file beside the model, and read back from there. */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  dataFilesOf,
  expectArguments,
  kind,
  kinds,
  modelParts,
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
}

const aGraphOfNodes = kind(
  "a graph",
  (value) => kinds.fields({ nodes: kinds.listOf(kinds.record) }).fault(value, "") === null,
);
const modelFileOptions = kinds.fields({
  name: kinds.optional(kinds.text),
  metadata: kinds.optional(kinds.textRecord),
  weightsBeside: kinds.optional(kinds.boolean),
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
  const { weightsBeside = weightBytes(graph) > largeWeights, ...rest } = options;
  const folder = dirname(path);
  const before = await dataBeside(path);
  const data = weightsBeside ? `weights-${randomBytes(8).toString("hex")}.data` : null;
  const parts = modelParts(graph, data === null ? rest : { ...rest, data });
  const written = [path];
  try {
    if (data !== null && parts.data.length > 0) {
      await writeFileWhole(join(folder, data), parts.data);
      written.push(join(folder, data));
    }
    await writeFileWhole(path, parts.model);
  } catch (error) {
    if (data !== null) await rm(join(folder, data), { force: true });
    throw error;
  }
  for (const name of before) await rm(join(folder, name), { force: true });
  return written;
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
