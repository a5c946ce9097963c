/** For golden tests only: parameters and inputs of a case as feeds, and graphs run through the engine. */
import { Graph, gradients, identity, int64Tensor, mul, reduceSum, type Tensor, type Value } from "oal-core";
import { compile } from "../runtime/node.js";
import { expectClose, type GoldenCase, type GoldenEntry } from "../testing/golden.js";
import { TrainingContext } from "./context.js";
import type { ParameterStore } from "./parameters.js";

/** The parameters and buffers of a case by name. */
export function caseParameters(golden: GoldenCase): ParameterStore {
  const entries = golden.tensors.filter(({ role }) => role === "parameter" || role === "buffer");
  return new Map(entries.map((entry) => [entry.name, entry.load()]));
}

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
  const session = await compile(graph, { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** What a case's program gets: a graph, a context with the case's parameters, its inputs by name. */
export interface GoldenProgram {
  readonly graph: Graph;
  readonly context: TrainingContext;
  input(name: string): Value;
}

/**
 * Builds and runs a case's program and compares with every output, intermediate and gradient entry of the case. Gradients are of the outputs named
 * in their `of`; a non-scalar output is contracted with the input `grad_output` by the program itself (return it under that name).
 *
 * @param build the values by name; what ends in ".after" of a buffer is added by itself
 * @returns names of entries that the program did not give
 */
export async function checkCase(
  golden: GoldenCase,
  build: (program: GoldenProgram) => Record<string, Value>,
  training = true,
): Promise<string[]> {
  const graph = new Graph();
  const root = new TrainingContext(graph);
  const context = training ? root : root.frozenStatistics();
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
  for (const spec of root.specs) {
    if (spec.kind === "buffer")
      values[`${spec.name}.after`] = root.bufferUpdates.get(spec.name) ?? root.values(spec.name);
    feeds[spec.name] = golden.tensor(spec.name, spec.kind === "buffer" ? "buffer" : "parameter");
  }
  const sourceOf = (name: string): Value => inputs.get(name) ?? root.values(name);
  const known = (entry: GoldenEntry): boolean => values[entry.of ?? entry.name] !== undefined;
  const wanted = golden.tensors.filter(
    ({ role }) => role === "output" || role === "intermediate" || role === "gradient",
  );
  const present = wanted.filter(known);
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
  return wanted.filter((entry) => !known(entry)).map(({ name }) => name);
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
