/** The graph of a file, node by node: understood where the table knows the operator, opaque where it does not. */
import { OalError, oalError } from "../../errors/index.js";
import { inferTypes, tensorOfKnown } from "../elements.js";
import { ShapeProblem } from "../operator.js";
import { Identity } from "../ops/identity.js";
import { operators } from "../ops/index.js";
import { describeType, elementBytes, toNumbers, type Shape, type Tensor, type ValueType } from "../tensor.js";
import { Graph, type Node, type Value } from "../value.js";
import { NodeAttributes } from "./attributes.js";
import { carriedTensor, isCarried } from "./carriedTensor.js";
import { describeNode, inOrder, needsOf, refuseUnknown } from "./fileNodes.js";
import { foldedOutputs, withoutShapeArithmetic } from "./fold.js";
import type { FileFunctions } from "./functions.js";
import { refuseHeldTypes, widenedCode, widenedTensor, widenedType } from "./halves.js";
import { carriedConstant, opaqueOperator } from "./opaque.js";
import { opaqueTypes } from "./opaqueTypes.js";
import type { FileNode, Translation } from "./otherForms.js";
import type { Message } from "./protobufReader.js";
import type { ReadModel, ReadOptions } from "./read.js";
import { openFunctions } from "./openFunctions.js";
import { constantOf } from "./readConstant.js";
import { understand } from "./readNode.js";
import { readTensor } from "./readTensor.js";
import { NamelessAxes, readType } from "./readType.js";
import { knownOpset } from "./schemaVersions.js";
import { capturedBy, usesOf } from "./subgraph.js";

/** Builds the graph of one file. */
export class GraphReader {
  readonly #body: Message;
  readonly #opsets: ReadonlyMap<string, number>;
  readonly #functions: FileFunctions;
  readonly #options: ReadOptions;
  readonly #newest: number;
  readonly #isWidened: boolean;
  readonly #nameless = new NamelessAxes();
  readonly #graph = new Graph();
  readonly #values = new Map<string, Value>();
  readonly #types = new Map<string, ValueType>();
  /** Shapes of the constants whose element type is carried only. */
  readonly #carried = new Map<Value, Shape>();
  readonly #opaque: { node: Node; reason: string }[] = [];
  readonly #dropouts: { value: Value; ratio: number }[] = [];
  /** The names that nodes, graphs inside them or outputs of the file read. */
  #read: ReadonlySet<string> = new Set();

  /** @param newest the opset beyond which no node may have its form: Infinity unless other nodes hold the file back */
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
    this.#isWidened = options.halfPrecision === "widen";
  }

  read(): Pick<ReadModel, "graph" | "values" | "opaque" | "dropouts"> {
    const body = this.#body;
    if (body.has(15)) throw oalError("OAL-G113", { where: "the graph", problem: "has sparse initialisers" });
    const initialisers = body.messages(5, "an initialiser");
    const constants = new Set(initialisers.map((tensor) => tensor.text(8)));
    const outputs = body.messages(12, "an output").map((info) => info.text(1));
    for (const info of [...body.messages(13, "a value"), ...body.messages(12, "an output")]) {
      const type = this.#typeIn(info, `value ${info.text(1)}`);
      if (type) this.#types.set(info.text(1), type);
    }
    for (const [name, type] of Object.entries(this.#options.types ?? {})) this.#types.set(name, type);
    const inputs = body.messages(11, "an input").filter((info) => !constants.has(info.text(1)));
    for (const info of inputs) this.#input(info);
    // An output of an input's name is that input.
    for (const name of outputs) if (!this.#values.has(name)) this.#graph.reserveOutput(name);
    for (const tensor of initialisers) this.#initialiser(tensor);
    const given = new Set(this.#values.keys());
    const opened = openFunctions(body.messages(1, "a node"), this.#functions, this.#opsets, given);
    const nodes = inOrder(opened, given);
    refuseUnknown(nodes, this.#functions.names, this.#options.domains ?? []);
    const readByNodes = new Set(nodes.flatMap(needsOf));
    const copies = finalCopies(nodes, outputs, readByNodes);
    this.#read = new Set([...readByNodes, ...outputs]);
    for (const node of nodes) {
      const [name = ""] = node.texts(2);
      if (copies.has(node)) this.#values.set(name, this.#value(node.texts(1)[0] ?? "", node));
      else this.#node(node);
    }
    for (const name of outputs) this.#graph.output(name, this.#value(name, body));
    return { graph: this.#graph, values: this.#values, opaque: this.#opaque, dropouts: this.#dropouts };
  }

  #typeIn(info: Message, where: string): ValueType | null {
    const type = readType(info, where, this.#nameless, this.#options.sizes ?? {});
    return type && this.#isWidened ? widenedType(type) : type;
  }

  #widened(tensor: Tensor): Tensor {
    return this.#isWidened ? widenedTensor(tensor) : tensor;
  }

  #input(info: Message): void {
    const name = info.text(1);
    const type = this.#options.types?.[name] ?? this.#typeIn(info, `input ${name}`);
    if (!type)
      throw oalError("OAL-G113", {
        where: `input ${name}`,
        problem: "is no tensor of a known number of axes and of an element type that oal holds",
      });
    refuseHuge(name, type);
    this.#values.set(name, this.#graph.input(name, type));
  }

  #initialiser(tensor: Message): void {
    const name = tensor.text(8);
    const where = `initialiser ${name}`;
    if (isCarried(tensor)) {
      const { shape, attribute } = carriedTensor(tensor, where, this.#options.external);
      const opset = this.#opsets.get("") ?? knownOpset;
      const constant = opaqueOperator("Constant", "", carriedConstant(attribute, opset));
      const [value] = this.#graph.node(constant, [], {}, [name]);
      if (!value) return;
      this.#carried.set(value, shape);
      this.#values.set(name, value);
    } else {
      const value = readTensor(tensor, where, this.#options.external);
      this.#values.set(name, this.#graph.constant(this.#widened(value), name));
    }
  }

  #value(name: string, reader: Message): Value {
    return this.#values.get(name) ?? reader.fail(`reads "${name}", which nothing computes`);
  }

  #node(node: Message): void {
    const names = node.texts(2);
    if (node.text(4) === "Constant" && this.#constant(node, names[0] ?? "")) return;
    const uses = usesOf(node);
    const [use] = uses;
    if (!use) return;
    const opset = this.#opsets.get(use.domain);
    if (opset === undefined)
      throw oalError("OAL-G112", {
        where: describeNode(node),
        problem: `is a ${use.operator} of the domain "${use.domain}", which the file does not import`,
      });
    const inputs = node.texts(1).map((name) => (name === "" ? null : this.#value(name, node)));
    const file: FileNode = {
      // An output that nothing reads (the mask of Dropout) is as good as left out.
      use: { ...use, outputs: names.filter((name) => this.#read.has(name)).length },
      opset,
      attributes: new NodeAttributes(node),
      types: inputs.map((input) => input?.knownType ?? null),
      carried: inputs.map((input) => (input && this.#carried.get(input)) ?? null),
      constants: inputs.map(tensorOfKnown),
      outputs: names.filter((name) => name !== "").length,
      external: this.#options.external,
    };
    const reason = this.#understand(file, inputs, names);
    if (reason === null) return;
    if (this.#isWidened) refuseHeldTypes(node);
    const captured = capturedBy(node);
    const types = opaqueTypes(file);
    const opaque = opaqueOperator(use.operator, use.domain, {
      reason,
      attributes: node.parts(5),
      captured,
      outputs: names.map((name, index) => ({
        type: this.#types.get(name) ?? types[index] ?? null,
        isLeftOut: name === "",
      })),
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
    if (tensor) this.#values.set(name, this.#graph.constant(this.#widened(tensor), name));
    return tensor !== null;
  }

  /** Builds a node of the table. @returns null, or why it cannot be one */
  #understand(file: FileNode, given: readonly (Value | null)[], names: readonly string[]): string | null {
    try {
      const found = understand(file, this.#newest);
      if ("reason" in found) return found.reason;
      const inputs = found.inputs.map((source) => {
        if (typeof source === "number") return given[source] ?? null;
        return source && this.#graph.constant(this.#widened(source));
      });
      const isCast = found.operator === operators.Cast && this.#isWidened;
      const attributes = isCast
        ? { ...found.attributes, to: widenedCode(file.attributes.int("to", 0)) }
        : found.attributes;
      return this.#built({ operator: found.operator, attributes }, inputs, names, file);
    } catch (error) {
      const isOfNode = error instanceof OalError && !["OAL-X101", "OAL-G122"].includes(error.code);
      if (error instanceof ShapeProblem || isOfNode) return error.message;
      throw error;
    }
  }

  #built(
    { operator, attributes }: Pick<Translation, "operator" | "attributes">,
    inputs: readonly (Value | null)[],
    names: readonly string[],
    file: FileNode,
  ): string | null {
    const types = inferTypes(operator, inputs, attributes);
    if (names.slice(types.length).some((name) => this.#read.has(name)))
      return "it has outputs that oal does not compute";
    const folded = foldedOutputs(operator, inputs, attributes, types);
    if (folded) {
      this.#keep(
        names,
        folded.map((tensor, index) => this.#graph.constant(tensor, names[index] || undefined)),
      );
      return null;
    }
    const plain = withoutShapeArithmetic(this.#graph, operator, inputs, attributes, types);
    const outputs = this.#scoped(names, () =>
      this.#graph.node(operator, plain.inputs, plain.attributes, names),
    );
    this.#keep(names, outputs);
    const [first] = outputs;
    if (file.use.operator === "Dropout" && first)
      this.#dropouts.push({ value: first, ratio: dropoutRatio(file) });
    return null;
  }

  /** Runs a builder in the path that the name of a value tells. */
  #scoped<T>([name = ""]: readonly string[], build: () => T): T {
    const end = name.lastIndexOf("/");
    return end > 0 ? this.#graph.scope(name.slice(0, end), build) : build();
  }

  #keep(names: readonly string[], outputs: readonly Value[]): void {
    names.forEach((name, index) => {
      const value = outputs[index];
      if (!value || name === "") return;
      refuseHuge(name, value.knownType);
      this.#values.set(name, value);
    });
  }
}

/** No machine that runs a classifier holds a value of more bytes: 64 GiB. */
const mostBytes = 2 ** 36;

/** Refuses a value that no memory holds, before the engine asks for it. @throws OAL-G122 */
function refuseHuge(name: string, type: ValueType | null): void {
  if (!type) return;
  const bytes = type.shape.reduce<number>(
    (product, size) => (typeof size === "number" ? product * size : product),
    elementBytes(type.dtype),
  );
  if (bytes > mostBytes) throw oalError("OAL-G122", { value: name, type: describeType(type), bytes });
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

/** The share that a Dropout node drops in training: an input since opset 12, an attribute before, 0.5 unless told. */
function dropoutRatio({ constants, attributes, opset }: FileNode): number {
  if (opset < 12) return attributes.float("ratio", 0.5);
  const [ratio = 0.5] = constants[1] ? toNumbers(constants[1]) : [];
  return ratio;
}
