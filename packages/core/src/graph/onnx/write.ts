/** A graph as an ONNX model (IR 10, opset 20 unless nodes that were read need another), weights inside or in a file beside it. */
import { expectArguments, kinds, oalError } from "../../errors/index.js";
import { reachable } from "../prune.js";
import { codeOf, type Dim, type Tensor, type ValueType } from "../tensor.js";
import { aGraph, type Graph, type Value } from "../value.js";
import { opsetsFor } from "./opsets.js";
import { ProtobufWriter } from "./protobuf.js";
import { isNameless } from "./readType.js";
import { writeNode } from "./writeNode.js";

/** How a model is written. */
export interface WriteOptions {
  /** Name of the graph inside the file. Default "oal". */
  readonly name?: string;
  /** Key-value pairs of the model's metadata; the last of them ends the file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Name of a file beside the model, in its folder, for the data of large constants: for {@link modelParts}. Default: all lies in the model. */
  readonly data?: string;
}

const writeOptions = kinds.fields({
  name: kinds.optional(kinds.text),
  metadata: kinds.optional(kinds.textRecord),
  data: kinds.optional(kinds.name),
});

/** A model in pieces, none of them copied: one behind the other they are the files' bytes. */
export interface ModelParts {
  readonly model: readonly Uint8Array[];
  /** The file beside the model with the data of large constants; empty when there are none or everything lies in the model. */
  readonly data: readonly Uint8Array[];
}

/** The largest file that ONNX Runtime reads: protobuf's limit. */
const largestFile = 2 ** 31 - 1;
/** Constants of at least this many bytes lie in the file beside the model, where there is one. */
const outsideBytes = 1024;

/**
 * Serialises the nodes that the outputs need.
 *
 * @returns the bytes of a ModelProto
 * @throws OAL-G116 when nodes that were read have no opset in common with the others, OAL-G117 from 2 GiB on
 * @cost the weights are copied once
 */
export function writeModel(graph: Graph, options: Omit<WriteOptions, "data"> = {}): Uint8Array {
  expectArguments("writeModel", { graph: [graph, aGraph], options: [options, writeOptions] });
  const writer = modelOf(graph, options, null);
  if (writer.length > largestFile) throw oalError("OAL-G117", { bytes: writer.length });
  return writer.finish();
}

/**
 * As {@link writeModel}, in pieces to be written one behind the other, the constants in a file of their own where
 * `options.data` names one. The pieces are views of the graph's constants, which must not change before they are written.
 *
 * @cost nothing of the weights is copied
 */
export function modelParts(graph: Graph, options: WriteOptions = {}): ModelParts {
  expectArguments("modelParts", { graph: [graph, aGraph], options: [options, writeOptions] });
  const outside = options.data === undefined ? null : new DataFile(options.data);
  const writer = modelOf(graph, options, outside);
  if (writer.length > largestFile) throw oalError("OAL-G117", { bytes: writer.length });
  return { model: writer.parts(), data: outside?.parts ?? [] };
}

/** Bytes of the constants that a model of this graph holds: those that its outputs need. */
export function weightBytes(graph: Graph): number {
  expectArguments("weightBytes", { graph: [graph, aGraph] });
  const { values } = reachable(graph);
  return graph.constants.reduce(
    (sum, constant) => sum + (values.has(constant) ? (constant.constant?.data.byteLength ?? 0) : 0),
    0,
  );
}

/** The file of large constants, as it grows. */
class DataFile {
  readonly name: string;
  readonly parts: Uint8Array[] = [];
  #length = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Appends data. @returns where they begin: at a page where they are large, so that the file can be mapped */
  add(bytes: Uint8Array): number {
    const step = bytes.length >= 2 ** 20 ? 4096 : 64;
    const gap = (step - (this.#length % step)) % step;
    if (gap > 0) this.parts.push(new Uint8Array(gap));
    const start = this.#length + gap;
    this.parts.push(bytes);
    this.#length = start + bytes.length;
    return start;
  }
}

function modelOf(graph: Graph, options: WriteOptions, outside: DataFile | null): ProtobufWriter {
  const { nodes, values } = reachable(graph);
  const opsets = opsetsFor(nodes);
  const writer = new ProtobufWriter();
  writer.integer(1, 10).string(2, "oal");
  writer.message(7, (body) => {
    for (const node of nodes) body.message(1, (message) => writeNode(message, node));
    // An output needs a name of its own, also when it is a constant or read elsewhere; only an input may be one under its own.
    for (const [name, value] of graph.outputs) {
      if (name === value.name) continue;
      body.message(1, (message) =>
        message.string(1, value.name).string(2, name).string(3, `output ${name}`).string(4, "Identity"),
      );
    }
    body.string(2, options.name ?? "oal");
    for (const constant of graph.constants) {
      if (values.has(constant)) body.message(5, (message) => writeTensor(message, constant, outside));
    }
    for (const input of graph.inputs) {
      body.message(11, (message) => writeValueInfo(message, input.name, input.type));
    }
    for (const [name, value] of graph.outputs) {
      body.message(12, (message) => writeValueInfo(message, name, value.knownType));
    }
  });
  for (const [domain, version] of opsets) {
    writer.message(8, (opset) => opset.string(1, domain).integer(2, version));
  }
  for (const each of new Set(nodes.flatMap((node) => node.operator.opaque?.functions ?? [])))
    writer.bytes(25, each);
  // Last, so that a file may end with what is only known when all of it is: its checksum.
  for (const [key, value] of Object.entries(options.metadata ?? {})) {
    writer.message(14, (property) => property.string(1, key).string(2, value));
  }
  return writer;
}

function writeTensor(writer: ProtobufWriter, value: Value, outside: DataFile | null): void {
  const tensor: Tensor | null = value.constant;
  if (!tensor) throw oalError("OAL-X101", { problem: `${value.name} is not a constant` });
  const data = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  for (const size of tensor.shape) writer.integer(1, size);
  writer.integer(2, codeOf(tensor.dtype)).string(8, value.name);
  if (!outside || data.length < outsideBytes) {
    writer.bytes(9, data);
    return;
  }
  const entries = { location: outside.name, offset: String(outside.add(data)), length: String(data.length) };
  for (const [key, text] of Object.entries(entries))
    writer.message(13, (entry) => entry.string(1, key).string(2, text));
  writer.integer(14, 1);
}

function writeValueInfo(writer: ProtobufWriter, name: string, type: ValueType | null): void {
  writer.string(1, name);
  if (!type) return;
  writer.message(2, (typeProto) =>
    typeProto.message(1, (tensorType) => {
      tensorType.integer(1, codeOf(type.dtype));
      tensorType.message(2, (shape) => {
        for (const size of type.shape) shape.message(1, (dim) => writeDim(dim, size));
      });
    }),
  );
}

/** A size, a name, or nothing for a size that had no name where it was read. */
function writeDim(writer: ProtobufWriter, size: Dim): void {
  if (isNameless(size)) return;
  if (typeof size === "string") writer.string(2, size);
  else writer.integer(1, size);
}
