/**
 * Calls of functions that a file defines for itself, opened: the nodes inside a function that consists of ONNX's own operators take the
 * place of its call, with names of their own. Other calls stay, and the function is carried with them.
 */
import { opsetsOf, type FileFunctions } from "./functions.js";
import { ProtobufWriter } from "./protobuf.js";
import { Message } from "./protobufReader.js";
import { isKnown, meansTheSame } from "./schemaVersions.js";
import { domainOf, usesOf } from "./subgraph.js";

/** Functions that call functions: deeper ones stay. */
const deepest = 64;
/** Nodes of a graph: where a call would make more of them, it stays. */
const mostNodes = 2 ** 17;

/**
 * The nodes of a graph, its calls opened as far as they can be.
 *
 * @param opsets of the file
 * @param taken names of values that are there already, beside those of the nodes
 */
export function openFunctions(
  nodes: readonly Message[],
  functions: FileFunctions,
  opsets: ReadonlyMap<string, number>,
  taken: ReadonlySet<string>,
): readonly Message[] {
  if (functions.names.size === 0) return nodes;
  const names = new Set([...taken, ...nodes.flatMap((node) => node.texts(2))]);
  const standard = new StandardFunctions(functions, opsets);
  const opened: Message[] = [];
  const open = (node: Message): void => {
    const called = standard.of(node);
    if (!called || opened.length + called.size > mostNodes) opened.push(node);
    else for (const inner of bodyOf(node, called.body, names)) open(inner);
  };
  for (const node of nodes) open(node);
  return opened;
}

/** Which functions consist of ONNX's own operators and of one another. */
class StandardFunctions {
  readonly #functions: FileFunctions;
  readonly #opsets: ReadonlyMap<string, number>;
  #depth = 0;
  /** How many nodes come out of a function; 0 for one that is no such one. */
  readonly #sizes = new Map<Message, number>();

  constructor(functions: FileFunctions, opsets: ReadonlyMap<string, number>) {
    this.#functions = functions;
    this.#opsets = opsets;
  }

  /** The function that a node calls, if it is such a one, and how many nodes come out of it. */
  of(node: Message): { readonly body: Message; readonly size: number } | null {
    const body = this.#functions.calledBy(node);
    const size = body ? this.#sizeOf(body) : 0;
    return body && size > 0 ? { body, size } : null;
  }

  #sizeOf(called: Message): number {
    const known = this.#sizes.get(called);
    if (known !== undefined) return known;
    // one that calls itself is none
    this.#sizes.set(called, 0);
    if (this.#depth === deepest) return 0;
    this.#depth++;
    const own = opsetsOf(called, 9).get("") ?? 0;
    const outputs = called.texts(5);
    const sizes = called.messages(7, "a node of a function").map((node) => this.#sizeOfNode(node, own));
    const isStandard = new Set(outputs).size === outputs.length && !sizes.includes(0);
    const size = isStandard ? sizes.reduce((sum, each) => sum + each, outputs.length) : 0;
    this.#sizes.set(called, size);
    this.#depth--;
    return size;
  }

  /** How many nodes a node of a function becomes in the graph: 0 where it may not stand there, or would mean something else. */
  #sizeOfNode(node: Message, own: number): number {
    const [use, ...inside] = usesOf(node);
    if (!use || inside.length > 0) return 0;
    if (this.#functions.calledBy(node)) return this.of(node)?.size ?? 0;
    const isSame = meansTheSame(use.operator, use, own, this.#opsets.get("") ?? 0);
    return use.domain === "" && isKnown(use.operator) && isSame ? 1 : 0;
  }
}

/** The nodes of a function in the place of a call. */
function bodyOf(call: Message, called: Message, names: Set<string>): Message[] {
  const given = call.texts(1);
  const renamed = new Map(called.texts(4).map((name, index) => [name, given[index] ?? ""]));
  const results = call.texts(2);
  const path = results.find((name) => name !== "") ?? call.text(3);
  const fresh = (name: string): string => {
    let free = `${path}/${name}`;
    while (names.has(free)) free += "'";
    names.add(free);
    return free;
  };
  const copies: Message[] = [];
  called.texts(5).forEach((name, index) => {
    const result = results[index] ?? "";
    const source = renamed.get(name);
    if (source === undefined) renamed.set(name, result === "" ? fresh(name) : result);
    else if (result !== "") copies.push(nodeOf([source], [result], (writer) => writer.string(4, "Identity")));
  });
  const nameOf = (name: string): string => {
    if (name === "") return "";
    const found = renamed.get(name) ?? fresh(name);
    renamed.set(name, found);
    return found;
  };
  const attributes = new Map(
    [...called.messages(11, "a default of a function"), ...call.messages(5, "an attribute")].map(
      (attribute) => [attribute.text(1), attribute] as const,
    ),
  );
  const nodes = called.messages(7, "a node of a function").map((node) =>
    nodeOf(node.texts(1).map(nameOf), node.texts(2).map(nameOf), (writer) => {
      writer
        .string(3, `${path}/${node.text(3)}`)
        .string(4, node.text(4))
        .string(7, domainOf(node));
      writer.string(8, node.text(8));
      for (const attribute of node.messages(5, "an attribute")) writeAttribute(writer, attribute, attributes);
    }),
  );
  return [...nodes, ...copies];
}

function nodeOf(
  inputs: readonly string[],
  outputs: readonly string[],
  rest: (writer: ProtobufWriter) => void,
): Message {
  const writer = new ProtobufWriter();
  for (const name of inputs) writer.string(1, name);
  for (const name of outputs) writer.string(2, name);
  rest(writer);
  return new Message(writer.finish(), "a node of a function");
}

/** An attribute; one that refers to the call's takes its value, or the function's default, and is left out where there is neither. */
function writeAttribute(
  writer: ProtobufWriter,
  attribute: Message,
  given: ReadonlyMap<string, Message>,
): void {
  if (!attribute.has(21)) {
    writer.bytes(5, attribute.bytes);
    return;
  }
  const value = given.get(attribute.text(21));
  if (!value) return;
  writer.message(5, (copy) => {
    copy.string(1, attribute.text(1));
    for (const { field, whole } of value.fields()) if (field !== 1) copy.raw(whole);
  });
}
