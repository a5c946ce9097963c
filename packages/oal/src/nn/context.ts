/**
 * The context a network is built in. One definition of a network serves training, evaluation and export: only the context differs.
 * TrainingContext makes every parameter a graph input and records what was declared; EvaluationContext takes known
 * tensors and makes them constants, which lets the runtime fold and pre-pack them.
 */
import { oalError, stopGradient, type Graph, type Shape, type Tensor, type Value } from "oal-core";
import type { Initializer } from "./initialisers.js";
import type { ParameterSpec } from "./parameters.js";

/** Choices for one parameter. */
export interface ParameterOptions {
  /** Whether weight decay applies. Default true. */
  readonly decay?: boolean;
  /** False for a tensor that is set by hand and never trained. Default true. */
  readonly trainable?: boolean;
  /** Multiplier of the learning rate. Default 1. */
  readonly rate?: number;
}

/** Where a network gets its parameters from. Names are relative to the context and dotted as in PyTorch. */
export interface Context {
  readonly graph: Graph;
  /** True when normalisation takes the statistics of the batch and updates the running ones. */
  readonly training: boolean;
  /** A trained tensor. Asking twice for a name gives the same value, so that a network can be applied twice. */
  parameter(name: string, shape: Shape, init: Initializer, options?: ParameterOptions): Value;
  /** A running statistic; after an update in this graph, the updated value. */
  buffer(name: string, shape: Shape, init: Initializer): Value;
  /** Sets the new value of a buffer; ignored unless training. No gradient flows through it. */
  updateBuffer(name: string, value: Value): void;
  /** The context of a part: names below get this name and a dot in front. */
  child(name: string): Context;
  /** Runs a builder with the part's name on the graph's path, so that nodes and errors carry it. */
  scope<T>(body: () => T): T;
}

interface Shared {
  readonly specs: ParameterSpec[];
  readonly inputs: Map<string, Value>;
  readonly bufferUpdates: Map<string, Value>;
}

/** Records specifications and makes one float32 graph input per parameter or buffer, named by its full name. */
export class TrainingContext implements Context {
  readonly graph: Graph;
  readonly training: boolean;
  readonly #updates: boolean;
  readonly #path: readonly string[];
  readonly #shared: Shared;

  /**
   * @param graph the graph of the training step
   * @param prefix first part of every name; "" for none
   */
  constructor(
    graph: Graph,
    prefix = "",
    shared?: Shared,
    path?: readonly string[],
    training = true,
    updates = training,
  ) {
    this.graph = graph;
    this.training = training;
    this.#updates = updates;
    this.#path = path ?? (prefix === "" ? [] : [prefix]);
    this.#shared = shared ?? { specs: [], inputs: new Map(), bufferUpdates: new Map() };
  }

  /** Everything declared so far, in order, in this context, its children and its parents. */
  get specs(): readonly ParameterSpec[] {
    return this.#shared.specs;
  }

  /** New values of the buffers by full name. */
  get bufferUpdates(): ReadonlyMap<string, Value> {
    return this.#shared.bufferUpdates;
  }

  /** The graph input of a declared parameter or buffer. Throws OAL-G102 for a name never declared. */
  values(name: string): Value {
    const value = this.#shared.inputs.get(name);
    if (!value)
      throw oalError("OAL-G102", {
        node: name,
        path: this.#path.join("."),
        problem: "no parameter of this name was declared",
      });
    return value;
  }

  parameter(name: string, shape: Shape, init: Initializer, options: ParameterOptions = {}): Value {
    const kind = options.trainable === false ? "frozen" : "parameter";
    return this.#declare({
      name: this.#fullName(name),
      shape,
      kind,
      init,
      decay: options.decay ?? true,
      rate: options.rate ?? 1,
    });
  }

  buffer(name: string, shape: Shape, init: Initializer): Value {
    const value = this.#declare({
      name: this.#fullName(name),
      shape,
      kind: "buffer",
      init,
      decay: false,
      rate: 0,
    });
    return this.#shared.bufferUpdates.get(this.#fullName(name)) ?? value;
  }

  updateBuffer(name: string, value: Value): void {
    if (!this.#updates) return;
    const full = this.#fullName(name);
    this.values(full);
    this.#shared.bufferUpdates.set(full, stopGradient(value));
  }

  child(name: string): TrainingContext {
    const path = [...this.#path, name];
    return new TrainingContext(this.graph, "", this.#shared, path, this.training, this.#updates);
  }

  /** The same parameters with running statistics in use and left alone, as PyTorch's eval mode. */
  frozenStatistics(): TrainingContext {
    return new TrainingContext(this.graph, "", this.#shared, this.#path, false);
  }

  /** The same parameters with the statistics of the batch in use and the running ones left alone. */
  withoutUpdates(): TrainingContext {
    return new TrainingContext(this.graph, "", this.#shared, this.#path, this.training, false);
  }

  scope<T>(body: () => T): T {
    return inScope(this.graph, this.#path, body);
  }

  #fullName(name: string): string {
    return [...this.#path, name].join(".");
  }

  #declare(spec: ParameterSpec): Value {
    const known = this.#shared.inputs.get(spec.name);
    if (known) return checkShape(known, spec.name, spec.shape);
    const value = this.graph.input(spec.name, { dtype: "float32", shape: spec.shape });
    this.#shared.inputs.set(spec.name, value);
    this.#shared.specs.push(spec);
    return value;
  }
}

/** Takes known tensors; parameters and buffers become graph constants named by their full names. */
export class EvaluationContext implements Context {
  readonly graph: Graph;
  readonly training = false;
  readonly #store: ReadonlyMap<string, Tensor>;
  readonly #path: readonly string[];
  readonly #constants: Map<string, Value>;

  /**
   * @param graph the graph to build in
   * @param store tensors by full dotted name; more than needed is fine
   * @param prefix first part of every name looked up; "" for none
   */
  constructor(
    graph: Graph,
    store: ReadonlyMap<string, Tensor>,
    prefix = "",
    path?: readonly string[],
    constants?: Map<string, Value>,
  ) {
    this.graph = graph;
    this.#store = store;
    this.#path = path ?? (prefix === "" ? [] : [prefix]);
    this.#constants = constants ?? new Map();
  }

  /** The stored tensor as a constant. Throws OAL-I111 when it is missing or of another shape. */
  parameter(name: string, shape: Shape): Value {
    const full = [...this.#path, name].join(".");
    const known = this.#constants.get(full);
    if (known) return checkShape(known, full, shape);
    const tensor = this.#store.get(full);
    if (!tensor) throw oalError("OAL-I111", { name: full, problem: "missing" });
    const value = checkShape(this.graph.constant(tensor, full), full, shape);
    this.#constants.set(full, value);
    return value;
  }

  buffer(name: string, shape: Shape): Value {
    return this.parameter(name, shape);
  }

  updateBuffer(): void {
    // Evaluation leaves running statistics alone.
  }

  child(name: string): EvaluationContext {
    return new EvaluationContext(this.graph, this.#store, "", [...this.#path, name], this.#constants);
  }

  scope<T>(body: () => T): T {
    return inScope(this.graph, this.#path, body);
  }
}

function inScope<T>(graph: Graph, path: readonly string[], body: () => T): T {
  const name = path.at(-1);
  return name === undefined ? body() : graph.scope(name, body);
}

function checkShape(value: Value, name: string, shape: Shape): Value {
  if (value.shape.length === shape.length && value.shape.every((size, axis) => size === shape[axis]))
    return value;
  throw oalError("OAL-I111", {
    name,
    problem: `shape [${value.shape.join(", ")}], the network wants [${shape.join(", ")}]`,
  });
}
