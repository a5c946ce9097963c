/** A graph as an ONNX model (IR 10, opset 20), weights inside. */
import { expectArguments, kinds, oalError } from "../../errors/index.js";
import type { AttributeKind } from "../operator.js";
import { reachable } from "../prune.js";
import { codeOf, type Dim, type Tensor, type ValueType } from "../tensor.js";
import { aGraph, type Graph, type Node, type Value } from "../value.js";
import { ProtobufWriter } from "./protobuf.js";

/** Field and type numbers of AttributeProto. */
const attributeField: Readonly<Record<Exclude<AttributeKind, "note">, { field: number; type: number }>> = {
  float: { field: 2, type: 1 },
  int: { field: 3, type: 2 },
  string: { field: 4, type: 3 },
  floats: { field: 7, type: 6 },
  ints: { field: 8, type: 7 },
};

/** How a model is written. */
export interface WriteOptions {
  /** Name of the graph inside the file. Default "oal". */
  readonly name?: string;
  /** Writes axis 0 of every input and output as this symbol instead of its size. The graph must not depend on that size. */
  readonly batchSymbol?: string;
  /** Key-value pairs of the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The opset oal writes. */
export const writtenOpset = 20;

const writeOptions = kinds.fields({
  name: kinds.optional(kinds.text),
  batchSymbol: kinds.optional(kinds.text),
  metadata: kinds.optional(kinds.textRecord),
});

/**
 * Serialises the nodes that the outputs need.
 *
 * @returns the bytes of a ModelProto
 */
export function writeModel(graph: Graph, options: WriteOptions = {}): Uint8Array {
  expectArguments("writeModel", { graph: [graph, aGraph], options: [options, writeOptions] });
  const { nodes, values } = reachable(graph);
  const writer = new ProtobufWriter();
  writer.integer(1, 10).string(2, "oal");
  writer.message(7, (body) => {
    for (const node of nodes) body.message(1, (message) => writeNode(message, node));
    // An output needs a name of its own, also when it is an input, a constant or read elsewhere.
    for (const [name, value] of graph.outputs) {
      body.message(1, (message) =>
        message.string(1, value.name).string(2, name).string(3, `output ${name}`).string(4, "Identity"),
      );
    }
    body.string(2, options.name ?? "oal");
    for (const constant of graph.constants) {
      if (values.has(constant)) body.message(5, (message) => writeTensor(message, constant));
    }
    for (const input of graph.inputs) {
      body.message(11, (message) => writeValueInfo(message, input.name, input.type, options.batchSymbol));
    }
    for (const [name, value] of graph.outputs) {
      body.message(12, (message) => writeValueInfo(message, name, value.type, options.batchSymbol));
    }
  });
  writer.message(8, (opset) => opset.string(1, "").integer(2, writtenOpset));
  for (const domain of new Set(nodes.map((node) => node.operator.domain))) {
    if (domain !== undefined) writer.message(8, (opset) => opset.string(1, domain).integer(2, 1));
  }
  for (const [key, value] of Object.entries(options.metadata ?? {})) {
    writer.message(14, (property) => property.string(1, key).string(2, value));
  }
  return writer.finish();
}

function writeNode(writer: ProtobufWriter, node: Node): void {
  const inputs = node.inputs.map((input) => input?.name ?? "");
  while (inputs.at(-1) === "") inputs.pop();
  for (const name of inputs) writer.string(1, name);
  for (const output of node.outputs) writer.string(2, output.name);
  writer.string(3, node.outputs[0]?.name ?? node.operator.name);
  writer.string(4, node.operator.onnxType ?? node.operator.name);
  for (const [name, value] of Object.entries(node.attributes)) {
    const kind = node.operator.attributes[name];
    if (kind && kind !== "note")
      writer.message(5, (attribute) => writeAttribute(attribute, name, kind, value));
  }
  if (node.operator.domain !== undefined) writer.string(7, node.operator.domain);
}

function writeAttribute(
  writer: ProtobufWriter,
  name: string,
  kind: Exclude<AttributeKind, "note">,
  value: number | string | readonly number[],
): void {
  const { field, type } = attributeField[kind];
  writer.string(1, name);
  if (typeof value === "string") writer.string(field, value);
  else {
    const real = kind === "float" || kind === "floats";
    for (const element of typeof value === "number" ? [value] : value) {
      if (real) writer.float(field, element);
      else writer.integer(field, element);
    }
  }
  writer.integer(20, type);
}

function writeTensor(writer: ProtobufWriter, value: Value): void {
  const tensor: Tensor | null = value.constant;
  if (!tensor) throw oalError("OAL-X101", { problem: `${value.name} is not a constant` });
  for (const size of tensor.shape) writer.integer(1, size);
  writer.integer(2, codeOf(tensor.dtype)).string(8, value.name);
  writer.bytes(9, new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
}

function writeValueInfo(
  writer: ProtobufWriter,
  name: string,
  type: ValueType,
  batchSymbol: string | undefined,
): void {
  writer.string(1, name).message(2, (typeProto) =>
    typeProto.message(1, (tensorType) => {
      tensorType.integer(1, codeOf(type.dtype));
      tensorType.message(2, (shape) => {
        type.shape.forEach((size, axis) =>
          shape.message(1, (dim) =>
            writeDim(dim, axis === 0 && batchSymbol !== undefined ? batchSymbol : size),
          ),
        );
      });
    }),
  );
}

function writeDim(writer: ProtobufWriter, size: Dim): void {
  if (typeof size === "string") writer.string(2, size);
  else writer.integer(1, size);
}
