/** ONNX files as other programs write them, for tests: a few lines say what is in one. */
import { ProtobufWriter } from "../packages/core/src/graph/onnx/protobuf.js";

/** A value's type: float32 unless the number of another element type is given. */
export interface FileType {
  readonly dims: readonly (number | string)[];
  readonly code?: number;
}

/** An attribute: an int, ints, a float (as `{ f }`), a string, a graph, or a tensor of float32. */
export type FileAttribute =
  | number
  | readonly number[]
  | string
  | { readonly f: number }
  | { readonly floats: readonly number[] }
  | { readonly graph: FileGraph }
  | { readonly tensor: FileTensor }
  | { readonly ofCall: string; readonly type: number };

/**
 * A tensor of float32, or of int64 where it says so, or of the element type of a number, its values as in ONNX's int32_data or its
 * bytes as they are; or of strings.
 */
export interface FileTensor {
  readonly dims: readonly number[];
  readonly values?: readonly number[];
  readonly isInt64?: boolean;
  readonly code?: number;
  readonly bytes?: Uint8Array;
  readonly strings?: readonly string[];
  /** A file that holds its bytes, and how many they are. */
  readonly beside?: readonly [location: string, length: number];
}

/** A node: operator, inputs, outputs, attributes, domain. */
export type FileNode = readonly [
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, FileAttribute>>,
  domain?: string,
];

/** A graph. */
export interface FileGraph {
  readonly nodes: readonly FileNode[];
  readonly inputs?: Readonly<Record<string, FileType>>;
  readonly outputs: Readonly<Record<string, FileType | null>>;
  readonly values?: Readonly<Record<string, FileType>>;
  readonly initialisers?: Readonly<Record<string, FileTensor>>;
}

/** A function of the file itself. */
export interface FileFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly FileNode[];
  readonly opsets: Readonly<Record<string, number>>;
  /** Names of attributes without a default, and those with one. */
  readonly attributes?: readonly string[];
  readonly defaults?: Readonly<Record<string, FileAttribute>>;
}

/** The bytes of a file. */
export function onnxFile(
  graph: FileGraph,
  opsets: Readonly<Record<string, number>>,
  functions: readonly FileFunction[] = [],
): Uint8Array {
  const writer = new ProtobufWriter();
  writer.integer(1, 10).string(2, "another program");
  writer.message(7, (body) => writeGraph(body, graph));
  writeOpsets(writer, 8, opsets);
  for (const each of functions) {
    writer.message(25, (body) => {
      body.string(1, each.name).string(10, each.domain);
      for (const name of each.inputs) body.string(4, name);
      for (const name of each.outputs) body.string(5, name);
      for (const node of each.nodes) body.message(7, (message) => writeNode(message, node));
      writeOpsets(body, 9, each.opsets);
      for (const name of each.attributes ?? []) body.string(6, name);
      for (const [name, value] of Object.entries(each.defaults ?? {}))
        body.message(11, (attribute) => writeAttribute(attribute.string(1, name), value));
    });
  }
  return writer.finish();
}

function writeOpsets(writer: ProtobufWriter, field: number, opsets: Readonly<Record<string, number>>): void {
  for (const [domain, version] of Object.entries(opsets))
    writer.message(field, (entry) => entry.string(1, domain).integer(2, version));
}

function writeGraph(writer: ProtobufWriter, graph: FileGraph): void {
  for (const node of graph.nodes) writer.message(1, (message) => writeNode(message, node));
  writer.string(2, "graph");
  for (const [name, tensor] of Object.entries(graph.initialisers ?? {}))
    writer.message(5, (message) => writeTensor(message, tensor, name));
  const infos = { 11: graph.inputs ?? {}, 12: graph.outputs, 13: graph.values ?? {} };
  for (const [field, types] of Object.entries(infos))
    for (const [name, type] of Object.entries(types))
      writer.message(Number(field), (message) => writeInfo(message, name, type));
}

function writeNode(
  writer: ProtobufWriter,
  [operator, inputs, outputs, attributes = {}, domain]: FileNode,
): void {
  for (const name of inputs) writer.string(1, name);
  for (const name of outputs) writer.string(2, name);
  writer.string(4, operator);
  for (const [name, value] of Object.entries(attributes))
    writer.message(5, (attribute) => writeAttribute(attribute.string(1, name), value));
  if (domain !== undefined) writer.string(7, domain);
}

function writeAttribute(writer: ProtobufWriter, value: FileAttribute): void {
  if (typeof value === "number") writer.integer(3, value).integer(20, 2);
  else if (typeof value === "string") writer.string(4, value).integer(20, 3);
  else if ("f" in value) writer.float(2, value.f).integer(20, 1);
  else if ("floats" in value) {
    for (const each of value.floats) writer.float(7, each);
    writer.integer(20, 6);
  } else if ("graph" in value) writer.message(6, (body) => writeGraph(body, value.graph)).integer(20, 5);
  else if ("tensor" in value) writer.message(5, (body) => writeTensor(body, value.tensor, "")).integer(20, 4);
  else if ("ofCall" in value) writer.string(21, value.ofCall).integer(20, value.type);
  else {
    for (const each of value) writer.integer(8, each);
    writer.integer(20, 7);
  }
}

function writeTensor(
  writer: ProtobufWriter,
  {
    dims,
    values = [],
    isInt64 = false,
    bytes,
    strings,
    beside,
    code = isInt64 ? 7 : strings ? 8 : 1,
  }: FileTensor,
  name: string,
): void {
  for (const size of dims) writer.integer(1, size);
  writer.integer(2, code).string(8, name);
  if (beside) {
    const [location, length] = beside;
    for (const [key, text] of Object.entries({ location, length: String(length) }))
      writer.message(13, (entry) => entry.string(1, key).string(2, text));
    writer.integer(14, 1);
  } else if (bytes) writer.bytes(9, bytes);
  else if (strings) for (const each of strings) writer.string(6, each);
  else if (isInt64) for (const value of values) writer.integer(7, value);
  else if (code !== 1) for (const value of values) writer.integer(5, value);
  else writer.bytes(9, new Uint8Array(Float32Array.from(values).buffer));
}

function writeInfo(writer: ProtobufWriter, name: string, type: FileType | null): void {
  writer.string(1, name);
  if (!type) return;
  writer.message(2, (outer) =>
    outer.message(1, (tensor) =>
      tensor.integer(1, type.code ?? 1).message(2, (shape) => {
        for (const size of type.dims)
          shape.message(1, (dim) => {
            if (typeof size === "number") dim.integer(1, size);
            else if (size !== "") dim.string(2, size);
          });
      }),
    ),
  );
}
