/** Nodes and graphs inside the attributes of a node (the branches of If, the body of Loop): what they use and how names in them change. */
import { Message } from "./protobufReader.js";
import { ProtobufWriter } from "./protobuf.js";
import type { NodeForm } from "./schemaVersions.js";

/** One use of an operator somewhere in a node, its graphs and the functions it calls. */
export interface NodeUse extends NodeForm {
  readonly operator: string;
  readonly domain: string;
}

/** Graphs within graphs: deeper files are refused. */
const deepest = 32;

/** ONNX's own domain has two names. */
export function domainOf(node: Message): string {
  const domain = node.text(7);
  return domain === "ai.onnx" ? "" : domain;
}

/** The node and all nodes of its graphs. */
export function usesOf(node: Message, depth = 0): NodeUse[] {
  if (depth > deepest) node.fail("has graphs within graphs without end");
  const attributes = node.messages(5, "an attribute");
  const own: NodeUse = {
    operator: node.text(4),
    domain: domainOf(node),
    attributes: attributes.map((attribute) => attribute.text(1)),
    inputs: node.texts(1).filter((name) => name !== "").length,
    outputs: node.texts(2).filter((name) => name !== "").length,
  };
  return [
    own,
    ...graphsOf(attributes).flatMap((graph) => nodesOf(graph).flatMap((inner) => usesOf(inner, depth + 1))),
  ];
}

/** The graphs among attributes. */
function graphsOf(attributes: readonly Message[]): Message[] {
  return attributes.flatMap((attribute) => [
    ...attribute.messages(6, "a graph of a node"),
    ...attribute.messages(11, "a graph of a node"),
  ]);
}

function nodesOf(graph: Message): Message[] {
  return graph.messages(1, "a node");
}

/** The names of values that the graphs of a node read from around it, each once. */
export function capturedBy(node: Message): string[] {
  const names = graphsOf(node.messages(5, "an attribute")).flatMap((graph) => freeIn(graph, 0));
  return [...new Set(names)];
}

function freeIn(graph: Message, depth: number): string[] {
  if (depth > deepest) graph.fail("has graphs within graphs without end");
  const own = new Set<string>([
    ...graph.messages(11, "an input").map((input) => input.text(1)),
    ...graph.messages(5, "an initialiser").map((tensor) => tensor.text(8)),
    ...nodesOf(graph).flatMap((node) => node.texts(2)),
  ]);
  const read = [
    ...nodesOf(graph).flatMap((node) => [
      ...node.texts(1),
      ...graphsOf(node.messages(5, "an attribute")).flatMap((inner) => freeIn(inner, depth + 1)),
    ]),
    ...graph.messages(12, "an output").map((output) => output.text(1)),
  ];
  return read.filter((name) => name !== "" && !own.has(name));
}

/** An attribute in whose graphs some names read from around have changed. */
export function renamedAttribute(bytes: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  return rewritten(bytes, (field, part) => (field === 6 || field === 11 ? renamedGraph(part, names) : part));
}

function renamedGraph(bytes: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  return rewritten(bytes, (field, part) =>
    field === 1
      ? rewritten(part, (inner, value) => {
          if (inner === 5) return renamedAttribute(value, names);
          const name = inner === 1 ? names.get(new TextDecoder().decode(value)) : undefined;
          return name === undefined ? value : new TextEncoder().encode(name);
        })
      : part,
  );
}

/** A message in which the byte strings of some fields are others. */
function rewritten(bytes: Uint8Array, replace: (field: number, value: Uint8Array) => Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  for (const { field, value, whole } of new Message(bytes, "an attribute").fields()) {
    const other = value && replace(field, value);
    if (other && other !== value) writer.bytes(field, other);
    else writer.raw(whole);
  }
  return writer.finish();
}
