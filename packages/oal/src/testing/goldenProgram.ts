/**
 * For golden tests only: a case's program built as a graph, run through the engine and compared entry by entry.
 * Knows nothing of nn; the test hands in how a context is made.
 */
import {
  float32Tensor,
  Graph,
  gradients,
  identity,
  int64Tensor,
  mul,
  Random,
  reduceSum,
  runOnce,
  type Shape,
  type Tensor,
  type Value,
} from "oal-core";
import { testEngine } from "./engine.js";
import { expectClose, type GoldenCase, type GoldenEntry } from "./golden.js";

/** A tensor as graphs take it: integers become int64. */
export function asInput(tensor: Tensor): Tensor {
  return tensor.dtype === "int32" ? int64Tensor(tensor.shape, Array.from(tensor.data, Number)) : tensor;
}

/** A whole number among the hyper-parameters of a case. */
export function hyperNumber(golden: GoldenCase, name: string): number {
  const value = golden.hyper[name];
  if (typeof value !== "number") throw new Error(`case ${golden.id} has no number ${name}`);
  return value;
}

/** Runs a graph once. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  return runOnce(testEngine, graph, feeds);
}

/** What is asked of a context: the part of a training context that a case's program is fed and read through. */
export interface ProgramContext {
  readonly specs: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly kind: string;
    readonly init: (shape: Shape, random: Random) => Float32Array;
  }[];
  readonly bufferUpdates: ReadonlyMap<string, Value>;
  values(name: string): Value;
}

/** What a case's program gets: a graph, a context with the case's parameters, its inputs by name. */
export interface GoldenProgram<C extends ProgramContext> {
  readonly graph: Graph;
  readonly context: C;
  readonly input: (name: string) => Value;
}

/**
 * Builds and runs a case's program and compares with every output, intermediate and gradient entry of the case that it gives. A
 * gradient of an output that is no scalar is that of its contraction with the input `grad_output`.
 *
 * @param makeContext the context of a graph; buffers that the case does not store start fresh
 * @param build the values by name; NAME.after of every buffer is added
 */
export async function checkCase<C extends ProgramContext>(
  golden: GoldenCase,
  makeContext: (graph: Graph) => C,
  build: (program: GoldenProgram<C>) => Record<string, Value>,
): Promise<void> {
  const graph = new Graph();
  const context = makeContext(graph);
  const feeds: Record<string, Tensor> = {};
  const inputs = new Map<string, Value>();
  const input = (name: string): Value => {
    const known = inputs.get(name);
    if (known) return known;
    const tensor = asInput(golden.tensor(name, "input"));
    feeds[name] = tensor;
    const value = graph.input(name, tensor);
    inputs.set(name, value);
    return value;
  };
  const values = build({ graph, context, input });
  for (const { name, kind, shape, init } of context.specs) {
    if (kind === "buffer") values[`${name}.after`] = context.bufferUpdates.get(name) ?? context.values(name);
    const given = golden.has(name, kind);
    if (!given && kind !== "buffer") fail(name);
    feeds[name] = given ? golden.tensor(name, kind) : float32Tensor(shape, init(shape, new Random(0, name)));
  }
  const sourceOf = (name: string): Value => inputs.get(name) ?? context.values(name);
  const known = (entry: GoldenEntry): boolean => values[entry.of ?? entry.name] !== undefined;
  const present = golden.results.filter(known);
  for (const [of, entries] of groupBy(
    present.filter(({ of, wrt }) => of !== undefined && wrt !== undefined),
    ({ of }) => of ?? "",
  )) {
    const names = [...new Set(entries.map(({ wrt }) => wrt ?? ""))];
    const value = values[of] ?? fail(of);
    const scalar = value.rank === 0 ? value : sum(mul(value, input("grad_output")));
    gradients(scalar, names.map(sourceOf)).forEach((gradient, index) =>
      graph.output(`gradient of ${of} by ${names[index]}`, identity(gradient)),
    );
  }
  for (const { name, of } of present)
    if (of === undefined) graph.output(`value of ${name}`, identity(values[name] ?? fail(name)));
  const results = await runGraph(
    graph,
    Object.fromEntries(graph.inputs.map(({ name }) => [name, feeds[name] ?? fail(name)])),
  );
  for (const entry of present) {
    const key = entry.of === undefined ? `value of ${entry.name}` : `gradient of ${entry.of} by ${entry.wrt}`;
    expectClose((results[key] ?? fail(key)).data, entry);
  }
}

function sum(value: Value): Value {
  return reduceSum(
    value,
    value.shape.map((_, axis) => axis),
  );
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function fail(name: string): never {
  throw new Error(`nothing for ${name}`);
}
