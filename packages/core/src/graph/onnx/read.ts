/**
 * ONNX models as graphs. A node whose operator the table knows at the file's opset is understood: it has a shape rule, a
 * gradient and a reference. Every other node is opaque: kept as it stood, with the types that the file or the caller gives.
 */
import { expectArguments, kind, kinds, OalError, oalError } from "../../errors/index.js";
import { reachable } from "../prune.js";
import { aValueType, type ValueType } from "../tensor.js";
import type { Graph, Node, Value } from "../value.js";
import { FileFunctions, opsetsOf } from "./functions.js";
import { GraphReader } from "./graphReader.js";
import { opsetsFor } from "./opsets.js";
import { refuseOtherFormats } from "./otherFormats.js";
import { Message } from "./protobufReader.js";
import type { ExternalBytes } from "./readTensor.js";
import { knownOpset } from "./schemaVersions.js";

/** How a model is read. */
export interface ReadOptions {
  /** Numbers for axes that the file leaves open, by their names: { batch: 8 }. Default: they stay open. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Types of values by name, for values behind opaque nodes of which the file tells none. */
  readonly types?: Readonly<Record<string, ValueType>>;
  /** Gives data that lie outside the file. Default: such a model is refused with OAL-G113. */
  readonly external?: ExternalBytes;
  /**
   * What becomes of floats of 16 bits. "keep" (default): nodes that compute with them are opaque. "widen": weights, inputs, outputs
   * and arithmetic are read as float32, and the model can be differentiated like any other.
   */
  readonly halfPrecision?: "keep" | "widen";
  /** Domains of operators that the caller's engine knows beside ONNX's, its functions' and ONNX Runtime's. Default none. */
  readonly domains?: readonly string[];
}

/** A model that was read. */
export interface ReadModel {
  readonly graph: Graph;
  /** The values of the file's nodes, inputs and initialisers by the names that the file gives them. */
  readonly values: ReadonlyMap<string, Value>;
  /** The model's key-value pairs. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The version of every operator domain that the file imports; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly irVersion: number;
  /** The program that wrote the file, as far as it says. */
  readonly producer: { readonly name: string; readonly version: string };
  /** The nodes that were not understood, each with the reason. */
  readonly opaque: readonly { readonly node: Node; readonly reason: string }[];
  /**
   * The outputs of Dropout nodes with the share that each drops in training. All are read as doing nothing, also where the file says
   * that it is in training: ONNX leaves the draws to the engine, and whoever trains makes his own from these values.
   */
  readonly dropouts: readonly { readonly value: Value; readonly ratio: number }[];
}

const readOptions = kinds.fields({
  sizes: kinds.optional(kinds.record),
  types: kinds.optional(
    kind("an object of types by name", (value) => kinds.record.fault(value, "") === null),
  ),
  external: kinds.optional(kinds.callback),
  halfPrecision: kinds.optional(kinds.oneOf(["keep", "widen"])),
  domains: kinds.optional(kinds.listOf(kinds.name)),
});

/** The oldest opset that is read; before it broadcasting was another. ONNX Runtime promises no older one either. */
const oldestOpset = 7;

/**
 * Reads an ONNX model.
 *
 * @param bytes the whole file; tensors of the graph may be views of it
 * @returns the graph with the file's names for inputs, outputs, initialisers and values, and what the file tells beside it
 * @throws OAL-G112 for bytes that are no ONNX model, OAL-G113 for what oal does not hold (inputs or initialisers of strings,
 *   sparse tensors, data in other files without `external`), OAL-G118 for nodes that no engine knows, OAL-G119 for an opset that is
 *   too old or too new, OAL-G120 and OAL-G121 for files of another kind, OAL-G122 for values that no memory holds
 * @example const { graph, metadata } = readModel(await readFile("model.onnx"));
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): ReadModel {
  expectArguments("readModel", { bytes: [bytes, kinds.bytes], options: [options, readOptions] });
  for (const [name, type] of Object.entries(options.types ?? {}))
    expectArguments("readModel", { [`types.${name}`]: [type, aValueType] });
  for (const [name, size] of Object.entries(options.sizes ?? {}))
    expectArguments("readModel", { [`sizes.${name}`]: [size, kinds.count] });
  refuseOtherFormats(bytes);
  const model = new Message(bytes, "the file");
  const body = model.message(7, "the graph") ?? model.fail("holds no graph");
  const opsets = opsetsOf(model, 8);
  const opset = opsets.get("");
  if (opset !== undefined && (opset < oldestOpset || opset > knownOpset))
    throw oalError("OAL-G119", { where: "the file", opset, oldest: oldestOpset, newest: knownOpset });
  const functions = new FileFunctions(model, opsets);
  const read = (newest: number): ReturnType<GraphReader["read"]> =>
    new GraphReader(body, opsets, functions, options, newest).read();
  let found = read(Infinity);
  // Nodes that were brought to a newer form, beside others that have none there: all stay at the file's opset.
  if (!hasOpset(found.graph)) found = read(opsets.get("") ?? 0);
  return {
    ...found,
    metadata: new Map(model.messages(14, "the metadata").map((pair) => [pair.text(1), pair.text(2)])),
    opsets,
    irVersion: model.integer(1) ?? 0,
    producer: { name: model.text(2), version: model.text(3) },
  };
}

function hasOpset(graph: Graph): boolean {
  try {
    opsetsFor(reachable(graph).nodes);
    return true;
  } catch (error) {
    if (error instanceof OalError && error.code === "OAL-G116") return false;
    throw error;
  }
}
