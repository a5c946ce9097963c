/**
 * Graph, node and value: a graph is a list of operator nodes over named, typed, shaped values, in an order in which
 * every node stands behind its inputs.
 */
import { expectArguments, kind, type Kind, kinds, oalError } from "../errors/index.js";
import { elementsOf, elementsOfTensor, inferTypes } from "./elements.js";
import { anOperator, ShapeProblem, type AttributeKind, type Attributes, type Operator } from "./operator.js";
import { aValue, aValueOrNull } from "./ops/operands.js";
import {
  aTensor,
  aValueType,
  describeType,
  type Dims,
  type DType,
  type Shape,
  sizesOf,
  type Tensor,
  type ValueType,
} from "./tensor.js";

/** Where a value comes from. */
export type Producer =
  { readonly kind: "input" } | { readonly kind: "constant"; readonly tensor: Tensor } | Node;

/** One tensor of a graph, before it is computed. */
export class Value {
  readonly graph: Graph;
  readonly name: string;
  /** What is known of the value; null for an output of an opaque node of which no type was told. */
  readonly knownType: ValueType | null;
  readonly producer: Producer;
  /** Elements known before the graph runs, row-major; undefined while nobody asked for those of a constant. */
  #elements: Dims | null | undefined;

  constructor(
    graph: Graph,
    name: string,
    knownType: ValueType | null,
    producer: Producer,
    elements?: Dims | null,
  ) {
    this.graph = graph;
    this.name = name;
    this.knownType = knownType;
    this.producer = producer;
    this.#elements = elements;
  }

  /** Element type and axes. @throws OAL-G115 when they are not known */
  get type(): ValueType {
    if (this.knownType) return this.knownType;
    throw oalError("OAL-G115", { value: this.name, operator: this.node?.operator.name ?? "" });
  }

  /** The axes: sizes, and the names of those that are open. */
  get dims(): Dims {
    return this.type.shape;
  }

  /** The sizes of all axes. @throws OAL-G114 when one is open */
  get shape(): Shape {
    return sizesOf(this.type.shape, this.name);
  }

  /** The size of one axis; the others may be open. @throws OAL-G114 when it is open, OAL-C120 when it is not there */
  size(axis: number): number {
    const isThere = kind(
      `an axis of [${this.dims.join(", ")}]`,
      (given) => Number.isInteger(given) && this.dims[axis] !== undefined,
    );
    expectArguments("Value.size", { axis: [axis, isThere] });
    const [size = 0] = sizesOf(this.dims.slice(axis, axis + 1), this.name);
    return size;
  }

  get dtype(): DType {
    return this.type.dtype;
  }

  get rank(): number {
    return this.type.shape.length;
  }

  /**
   * The elements that are known before the graph runs, row-major: those of short constants, and sizes that are computed from
   * shapes, which may be open. Null where they are not known.
   */
  get elements(): Dims | null {
    this.#elements ??= this.constant && elementsOfTensor(this.constant);
    return this.#elements;
  }

  /** The node that makes this value; null for inputs and constants. */
  get node(): Node | null {
    return this.producer instanceof Node ? this.producer : null;
  }

  /** Index among the outputs of its node; 0 for inputs and constants. */
  get index(): number {
    return this.node?.outputs.indexOf(this) ?? 0;
  }

  /** The tensor of a constant; null when the value is only known at run time. */
  get constant(): Tensor | null {
    return "kind" in this.producer && this.producer.kind === "constant" ? this.producer.tensor : null;
  }
}

/** One application of an operator. */
export class Node {
  readonly id: number;
  readonly operator: Operator;
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  /** Dotted path of the layer it was built in. */
  readonly path: string;
  outputs: readonly Value[] = [];

  constructor(
    id: number,
    operator: Operator,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    path: string,
  ) {
    this.id = id;
    this.operator = operator;
    this.inputs = inputs;
    this.attributes = attributes;
    this.path = path;
  }
}

/** Something usable where a value is expected; a number becomes a float32 scalar of the same graph. */
export type Operand = Value | number;

const inputList = kinds.listOf(aValueOrNull);
const attributeKinds: Readonly<Record<AttributeKind, Kind>> = {
  int: kinds.integer,
  ints: kinds.integers,
  float: kinds.number,
  floats: kinds.numbers,
  string: kinds.text,
  note: kind("a number, a string or an array of numbers", () => true),
};

/** A computation under construction. */
export class Graph {
  readonly inputs: Value[] = [];
  readonly outputs = new Map<string, Value>();
  readonly nodes: Node[] = [];
  readonly constants: Value[] = [];
  /** What every name belongs to. */
  #names = new Map<string, string>();
  #reserved = new Set<string>();
  #scalars = new Map<string, Value>();
  #path: string[] = [];
  #counter = 0;

  /**
   * Declares an input. Inputs, outputs, constants and computed values share one set of names.
   *
   * @throws OAL-G110 when the name is empty or taken by anything
   */
  input(name: string, type: ValueType): Value {
    expectArguments("Graph.input", { name: [name, kinds.text], type: [type, aValueType] });
    this.#take(name, "an input");
    const value = new Value(this, name, type, { kind: "input" });
    this.inputs.push(value);
    return value;
  }

  /**
   * A value known now; becomes an initialiser of the ONNX model. Small equal constants are shared. A taken name gets a
   * number behind it: nobody feeds or reads a constant by name.
   */
  constant(tensor: Tensor, name?: string): Value {
    expectArguments("Graph.constant", {
      tensor: [tensor, aTensor],
      name: [name, kinds.optional(kinds.text)],
    });
    const small = name === undefined && tensor.data.length <= 8;
    const key = small ? `${tensor.dtype}[${tensor.shape.join()}]${tensor.data.join()}` : "";
    const found =
      small && !tensor.data.some((element) => Object.is(element, -0)) ? this.#scalars.get(key) : undefined;
    if (found) return found;
    const value = new Value(this, this.#claim(name ?? `constant_${this.#counter++}`, "a constant"), tensor, {
      kind: "constant",
      tensor,
    });
    this.constants.push(value);
    if (small) this.#scalars.set(key, value);
    return value;
  }

  /** A float32 scalar constant. */
  scalar(value: number): Value {
    expectArguments("Graph.scalar", { value: [value, kinds.number] });
    return this.constant({ dtype: "float32", shape: [], data: Float32Array.of(value) });
  }

  /**
   * Marks a value as an output under a name; an input may be an output under its own.
   *
   * @throws OAL-G110 when the name is empty or taken by anything, the value's own generated name included
   */
  output(name: string, value: Value): void {
    expectArguments("Graph.output", { name: [name, kinds.text], value: [value, aValue] });
    // An input that is an output needs no other name.
    const isInput = value.producer === this.inputs.find((input) => input.name === name)?.producer;
    if (!isInput && !this.#reserved.delete(name)) this.#take(name, "an output");
    this.outputs.set(name, value);
  }

  /** Keeps a name for an output that is marked later, so that no generated name takes it. Throws as {@link output}. */
  reserveOutput(name: string): void {
    expectArguments("Graph.reserveOutput", { name: [name, kinds.text] });
    this.#take(name, "an output");
    this.#reserved.add(name);
  }

  /** Runs `body` with `name` appended to the layer path, for error messages and node names. */
  scope<T>(name: string, body: () => T): T {
    expectArguments("Graph.scope", { name: [name, kinds.text], body: [body, kinds.callback] });
    this.#path.push(name);
    try {
      return body();
    } finally {
      this.#path.pop();
    }
  }

  /** Dotted path of the layer being built. */
  get path(): string {
    return this.#path.join(".");
  }

  /**
   * Appends a node; its output types come from the operator's shape rule.
   *
   * @param names wanted for the outputs; a taken one gets a number behind it. Default: made from the operator's name
   * @throws OAL-G101 when the inputs do not fit, naming the layer path.
   */
  node(
    operator: Operator,
    inputs: readonly (Value | null)[],
    attributes: Attributes = {},
    names: readonly string[] = [],
  ): readonly Value[] {
    expectArguments("Graph.node", {
      operator: [operator, anOperator],
      inputs: [inputs, inputList],
      attributes: [attributes, kinds.record],
      names: [names, kinds.listOf(kinds.text)],
    });
    for (const [key, value] of Object.entries(attributes)) {
      const form = operator.attributes[key];
      if (form === undefined) this.#refuse(operator.name, `has no attribute "${key}"`);
      expectArguments(operator.name, { [key]: [value, attributeKinds[form]] });
    }
    for (const input of inputs) {
      if (input && input.graph !== this)
        this.#refuse(operator.name, `input ${input.name} belongs to another graph`);
    }
    const types = operator.opaque
      ? operator.opaque.outputs.map(({ type }) => type)
      : this.#infer(operator, inputs, attributes);
    const id = this.nodes.length;
    const node = new Node(id, operator, inputs, attributes, this.path);
    const prefix = this.#path.length > 0 ? `${this.path}/` : "";
    const elements = elementsOf(operator, inputs, attributes, types);
    node.outputs = types.map(
      (type, index) =>
        new Value(
          this,
          this.#claim(
            names[index] || `${prefix}${operator.name}_${id}${index > 0 ? `_${index}` : ""}`,
            "a value",
          ),
          type,
          node,
          elements[index] ?? null,
        ),
    );
    this.nodes.push(node);
    return node.outputs;
  }

  #infer(
    operator: Operator,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
  ): readonly ValueType[] {
    try {
      const types = inferTypes(operator, inputs, attributes);
      for (const type of types) {
        if (type.shape.some((size) => typeof size === "number" && !(Number.isInteger(size) && size >= 0))) {
          throw new ShapeProblem(`result would be ${describeType(type)}`);
        }
      }
      return types;
    } catch (error) {
      if (!(error instanceof ShapeProblem)) throw error;
      const found = inputs
        .map((input) => (input?.knownType ? describeType(input.knownType) : "none"))
        .join(", ");
      return this.#refuse(operator.name, `${error.message} (inputs: ${found})`);
    }
  }

  #refuse(operator: string, problem: string): never {
    throw oalError("OAL-G101", { operator, path: this.path, problem });
  }

  /** A name like the wanted one that nothing has. */
  #claim(name: string, owner: string): string {
    let free = name;
    for (let suffix = 2; this.#names.has(free); suffix++) free = `${name}~${suffix}`;
    this.#names.set(free, owner);
    return free;
  }

  /** Exactly this name. */
  #take(name: string, owner: string): void {
    const other = this.#names.get(name);
    if (name === "") throw oalError("OAL-G110", { name, problem: "is empty" });
    if (other !== undefined) throw oalError("OAL-G110", { name, problem: `is already taken by ${other}` });
    this.#names.set(name, owner);
  }
}

/** A graph as an argument. */
export const aGraph = kind("a graph", (value) => value instanceof Graph);
