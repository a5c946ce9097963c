/**
 * ONNX models as graphs. A node whose operator the table knows at the file's opset is understood: it has a shape rule, a
 * gradient and a reference. Every other node is opaque: kept as it stood, with the types that the file or the caller gives.
 */
import { expectArguments, kind, kinds, OalError, oalError } from "../../errors/index.js";
import { ShapeProblem } from "../operator.js";
import { integers } from "../ops/apply.js";
import { Identity } from "../ops/identity.js";
import { reachable } from "../prune.js";
import { aValueType, type ValueType } from "../tensor.js";
import { Graph, type Node, type Value } from "../value.js";
import { constantOf } from "./readConstant.js";
import { FileFunctions, opsetsOf } from "./functions.js";
import { opaqueOperator } from "./opaque.js";
import { opsetsFor } from "./opsets.js";
import { Message } from "./protobufReader.js";
import { understand } from "./readNode.js";
import { readTensor, type ExternalBytes } from "./readTensor.js";
import { NamelessAxes, readType } from "./readType.js";
import { capturedBy, usesOf } from "./subgraph.js";

/** How a model is read. */
export interface ReadOptions {
  /** Numbers for axes that the file leaves open, by their names: { batch: 8 }. Default: they stay open. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Types of values by name, for values behind opaque nodes of which the file tells none. */
  readonly types?: Readonly<Record<string, ValueType>>;
  /** Gives data that lie outside the file. Default: such a model is refused with OAL-G113. */
  readonly external?: ExternalBytes;
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
}

const readOptions = kinds.fields({
  sizes: kinds.optional(kinds.record),
  types: kinds.optional(
    kind("an object of types by name", (value) => kinds.record.fault(value, "") === null),
  ),
  external: kinds.optional(kinds.callback),
});

/**
 * Reads an ONNX model.
 *
 * @param bytes the whole file; tensors of the graph may be views of it
 * @returns the graph with the file's names for inputs, outputs, initialisers and values, and what the file tells beside it
 * @throws OAL-G112 for bytes that are no ONNX model, OAL-G113 for what oal does not hold (inputs or initialisers of strings,
 *   sparse tensors, data in other files without `external`)
 * @example const { graph, metadata } = readModel(await readFile("model.onnx"));
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): ReadModel {
  expectArguments("readModel", { bytes: [bytes, kinds.bytes], options: [options, readOptions] });
  for (const [name, type] of Object.entries(options.types ?? {}))
    expectArguments("readModel", { [`types.${name}`]: [type, aValueType] });
  for (const [name, size] of Object.entries(options.sizes ?? {}))
    expectArguments("readModel", { [`sizes.${name}`]: [size, kinds.count] });
  const model = new Message(bytes, "the file");
  const body = model.message(7, "the graph") ?? model.fail("holds no graph");
  const opsets = opsetsOf(model, 8);
  const functions = new FileFunctions(model, opsets);
  const read = (newest: number): ReturnType<GraphReader["read"]> =>
    new GraphReader(body, opsets, functions, options, newest).read();
  let found = read(Infinity);
  // Nodes that were brought to a newer form, beside others that have none there: all stay at the file's opset.
  if (!hasOpset(found.graph)) found = read(opsets.get("") ?? 0);
  const { graph, values, opaque } = found;
  return {
    graph,
    values,
    opaque,
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

/** Builds the graph of one file. */
class GraphReader {
  readonly #body: Message;
  readonly #opsets: ReadonlyMap<string, number>;
  readonly #functions: FileFunctions;
  readonly #options: ReadOptions;
  readonly #newest: number;
  readonly #nameless = new NamelessAxes();
  readonly #graph = new Graph();
  readonly #values = new Map<string, Value>();
  readonly #types = new Map<string, ValueType>();
  readonly #opaque: { node: Node; reason: string }[] = [];
  /** The names that nodes, graphs inside them or outputs of the file read. */
  #read: ReadonlySet<string> = new Set();

  constructor(
    body: Message,
    opsets: ReadonlyMap<string, number>,
    functions: FileFunctions,
    options: ReadOptions,
    newest: number,
  ) {
    this.#newest = newest;
    this.#body = body;
    this.#opsets = opsets;
    this.#functions = functions;
    this.#options = options;
  }

  read(): Pick<ReadModel, "graph" | "values" | "opaque"> {
    const body = this.#body;
    if (body.has(15)) throw oalError("OAL-G113", { where: "the graph", problem: "has sparse initialisers" });
    const initialisers = body.messages(5, "an initialiser");
    const constants = new Set(initialisers.map((tensor) => tensor.text(8)));
    const outputs = body.messages(12, "an output").map((info) => info.text(1));
    for (const info of [...body.messages(13, "a value"), ...body.messages(12, "an output")]) {
      const type = readType(info, `value ${info.text(1)}`, this.#nameless, this.#options.sizes ?? {});
      if (type) this.#types.set(info.text(1), type);
    }
    for (const [name, type] of Object.entries(this.#options.types ?? {})) this.#types.set(name, type);
    for (const info of body.messages(11, "an input")) if (!constants.has(info.text(1))) this.#input(info);
    for (const name of outputs) this.#graph.reserveOutput(name);
    for (const tensor of initialisers) {
      const name = tensor.text(8);
      const value = readTensor(tensor, `initialiser ${name}`, this.#options.external);
      this.#values.set(name, this.#graph.constant(value, name));
    }
    const nodes = body.messages(1, "a node");
    const readByNodes = new Set(nodes.flatMap((node) => [...node.texts(1), ...capturedBy(node)]));
    const copies = finalCopies(nodes, outputs, readByNodes);
    this.#read = new Set([...readByNodes, ...outputs]);
    for (const node of nodes) {
      const [name = ""] = node.texts(2);
      if (copies.has(node)) this.#values.set(name, this.#value(node.texts(1)[0] ?? "", node));
      else this.#node(node);
    }
    for (const name of outputs) this.#graph.output(name, this.#value(name, body));
    return { graph: this.#graph, values: this.#values, opaque: this.#opaque };
  }

  #input(info: Message): void {
    const name = info.text(1);
    const type =
      this.#options.types?.[name] ??
      readType(info, `input ${name}`, this.#nameless, this.#options.sizes ?? {});
    if (!type)
      throw oalError("OAL-G113", {
        where: `input ${name}`,
        problem: "is no tensor of a known number of axes and of an element type that oal holds",
      });
    this.#values.set(name, this.#graph.input(name, type));
  }

  #value(name: string, reader: Message): Value {
    return this.#values.get(name) ?? reader.fail(`reads "${name}", which nothing before it computes`);
  }

  #node(node: Message): void {
    const names = node.texts(2);
    if (node.text(4) === "Constant" && this.#constant(node, names[0] ?? "")) return;
    const uses = usesOf(node);
    const [use] = uses;
    if (!use) return;
    const opset = this.#opsets.get(use.domain);
    if (opset === undefined)
      node.fail(`is a ${use.operator} of the domain "${use.domain}", which the file does not import`);
    const inputs = node.texts(1).map((name) => (name === "" ? null : this.#value(name, node)));
    // An output that nothing reads (the mask of Dropout) is as good as left out.
    const form = { ...use, outputs: names.filter((name) => this.#read.has(name)).length };
    const found = understand(node, form, opset, inputs[0]?.knownType?.shape.length, this.#newest);
    const reason = "reason" in found ? found.reason : this.#understood(found, inputs, names);
    if (reason === null) return;
    const captured = capturedBy(node);
    const opaque = opaqueOperator(use.operator, use.domain, {
      reason,
      attributes: node.parts(5),
      captured,
      outputs: names.map((name) => ({ type: this.#types.get(name) ?? null, isLeftOut: name === "" })),
      overload: node.text(8),
      ...this.#functions.needsOf(uses),
    });
    const all = [...inputs, ...captured.map((name) => this.#value(name, node))];
    const outputs = this.#scoped(names, () => this.#graph.node(opaque, all, {}, names));
    this.#keep(names, outputs);
    const [first] = outputs;
    if (first?.node) this.#opaque.push({ node: first.node, reason });
  }

  /** A Constant becomes an initialiser. */
  #constant(node: Message, name: string): boolean {
    const tensor = constantOf(node, `constant ${name}`, this.#options.external);
    if (tensor) this.#values.set(name, this.#graph.constant(tensor, name));
    return tensor !== null;
  }

  /** Builds a node of the table. @returns null, or why it cannot be one */
  #understood(
    { operator, attributes, taken, added }: Exclude<ReturnType<typeof understand>, { reason: string }>,
    given: readonly (Value | null)[],
    names: readonly string[],
  ): string | null {
    try {
      const kept = given.slice(0, taken);
      const inputs = added ? [...kept, integers(this.#graph, added)] : kept;
      const types = operator.infer(
        inputs.map((input) => input?.type ?? null),
        attributes,
        inputs.map((input) => input?.constant ?? null),
      );
      if (names.slice(types.length).some((name) => this.#read.has(name)))
        return "it has outputs that oal does not compute";
      this.#keep(
        names,
        this.#scoped(names, () => this.#graph.node(operator, inputs, attributes, names)),
      );
      return null;
    } catch (error) {
      if (error instanceof ShapeProblem || (error instanceof OalError && error.code !== "OAL-X101"))
        return error.message;
      throw error;
    }
  }

  /** Runs a builder in the path that the name of a value tells. */
  #scoped<T>([name = ""]: readonly string[], build: () => T): T {
    const end = name.lastIndexOf("/");
    return end > 0 ? this.#graph.scope(name.slice(0, end), build) : build();
  }

  #keep(names: readonly string[], outputs: readonly Value[]): void {
    names.forEach((name, index) => {
      const value = outputs[index];
      if (value && name !== "") this.#values.set(name, value);
    });
  }
}

/** The Identity nodes that only give an output its name, as `writeModel` makes them: the output is their input. */
function finalCopies(
  nodes: readonly Message[],
  outputs: readonly string[],
  read: ReadonlySet<string>,
): ReadonlySet<Message> {
  return new Set(
    nodes.filter((node) => {
      const [name = ""] = node.texts(2);
      const isCopy = node.text(4) === Identity.name && node.text(7) === "" && node.texts(1).length === 1;
      return isCopy && outputs.includes(name) && !read.has(name);
    }),
  );
}
