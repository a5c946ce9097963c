/**
 * First and second derivatives of every operator at every test point, and of the composed functions, against central
 * differences in float64, by every float input: once as an input of the graph, once as a constant.
 */
import {
  batchNormTraining,
  elu,
  evaluateReference,
  gradients,
  Graph,
  groupNorm,
  hardSwish,
  layerNorm,
  linear,
  logSigmoid,
  logSoftmax,
  mul,
  OalError,
  operators,
  quickGelu,
  Random,
  reduceSum,
  resizeNearest,
  resizeTo,
  silu,
  sizeOf,
  sumOver,
  adaptiveAveragePool2d,
  add,
  toNumbers,
  vectorJacobian,
  type OperatorName,
  type Shape,
  type Tensor,
  type TestInput,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";

/** Something to differentiate: its inputs, and what is made of them. */
interface Subject {
  readonly key: string;
  readonly inputs: readonly (TestInput | null)[];
  readonly build: (graph: Graph, inputs: readonly (Value | null)[]) => readonly Value[];
}

/** Inputs by which no derivative is taken: OAL-G103, because they must be known when the graph is built or belong together. */
const refused: Readonly<Record<string, readonly number[]>> = {
  // The factors of an enlargement decide the shape of the result.
  Resize: [2],
  // The statistics are those of input 0, whose gradient covers them; batchNormTraining below is the whole of it.
  BatchNormalizationOfBatch: [3, 4],
};

const names = Object.keys(operators).filter((name): name is OperatorName => name in operators);

const operatorSubjects: readonly Subject[] = names.flatMap((name) =>
  operators[name].testPoints.map((point, index) => ({
    key: `${name}.${index}`,
    inputs: point.inputs,
    build: (graph: Graph, inputs: readonly (Value | null)[]) =>
      graph.node(operators[name], inputs, point.attributes),
  })),
);

/** A subject of functions of values, all float32 in the description and float64 in the test. */
function subject(key: string, shapes: readonly Shape[], build: (...values: Value[]) => Value): Subject {
  return {
    key,
    inputs: shapes.map((shape) => ({ dtype: "float32", shape, range: [-2, 2] })),
    build: (_, inputs) => [build(...inputs.flatMap((input) => (input ? [input] : [])))],
  };
}

function three(build: (x: Value, scale: Value, bias: Value) => Value): (...values: Value[]) => Value {
  return (x, scale, bias) => {
    if (!x || !scale || !bias) throw new Error("three inputs");
    return build(x, scale, bias);
  };
}

function one(build: (x: Value) => Value): (...values: Value[]) => Value {
  return (x) => {
    if (!x) throw new Error("one input");
    return build(x);
  };
}

const functionSubjects: readonly Subject[] = [
  subject(
    "batchNormTraining.images",
    [[4, 3, 2, 2], [3], [3]],
    three((x, s, b) => batchNormTraining(x, s, b, 1e-3).y),
  ),
  subject(
    "batchNormTraining.rows",
    [[5, 2], [2], [2]],
    three((x, s, b) => batchNormTraining(x, s, b, 1e-3).y),
  ),
  subject(
    "batchNormTraining.statistics",
    [[4, 2, 3], [2], [2]],
    three((x, s, b) => {
      const { mean, variance } = batchNormTraining(x, s, b);
      return add(mul(mean, variance), mul(variance, variance));
    }),
  ),
  subject(
    "groupNorm",
    [[2, 4, 3, 2], [4], [4]],
    three((x, s, b) => groupNorm(x, 2, s, b, 1e-3)),
  ),
  subject(
    "layerNorm",
    [[3, 5], [5], [5]],
    three((x, s, b) => layerNorm(x, s, b, 1e-3)),
  ),
  subject(
    "linear",
    [[2, 3, 4], [2, 4], [2]],
    three((x, w, b) => linear(x, w, b)),
  ),
  subject("logSoftmax", [[3, 4]], one(logSoftmax)),
  subject("silu", [[3, 4]], one(silu)),
  subject("quickGelu", [[3, 4]], one(quickGelu)),
  subject("hardSwish", [[3, 4]], one(hardSwish)),
  subject("elu", [[3, 4]], one(elu)),
  subject("logSigmoid", [[3, 4]], one(logSigmoid)),
  subject(
    "sumOver",
    [[4, 3, 2]],
    one((x) => sumOver(x, [0, 2])),
  ),
  subject(
    "resizeNearest",
    [[1, 2, 2, 3]],
    one((x) => resizeNearest(x, 2)),
  ),
  subject(
    "resizeTo",
    [[1, 2, 2, 3]],
    one((x) => resizeTo(x, [3, 4])),
  ),
  subject(
    "adaptiveAveragePool2d",
    [[1, 2, 4, 5]],
    one((x) => adaptiveAveragePool2d(x, [3, 2])),
  ),
];

function operatorOf(key: string): string {
  return key.slice(0, key.lastIndexOf("."));
}

function isFloat(input: TestInput | null | undefined): input is TestInput {
  return input?.dtype === "float32";
}

/** The tensors of a subject, floats in float64. */
function tensorsOf({ key, inputs }: Subject): readonly (Tensor | null)[] {
  return inputs.map((input, index) => {
    if (!input) return null;
    const { dtype, shape, range = [-1, 1] } = input;
    const [low, high] = range;
    const numbers =
      input.values ??
      Array.from(new Random(3, `${key}.${index}`).uniforms(0, sizeOf(shape)), (u) => low + u * (high - low));
    if (dtype === "int64") return { dtype, shape, data: BigInt64Array.from(numbers, BigInt) };
    if (dtype === "int8") return { dtype, shape, data: Int8Array.from(numbers) };
    if (dtype === "float32") return { dtype: "float64", shape, data: Float64Array.from(numbers) };
    return { dtype, shape, data: Uint8Array.from(numbers) };
  });
}

/** sum of value * fixed random weights. */
function weighed(value: Value, purpose: string): Value {
  const data = Float64Array.from(new Random(7, purpose).uniforms(0, sizeOf(value.shape)), (u) => 2 * u - 1);
  return reduceSum(mul(value, value.graph.constant({ dtype: "float64", shape: value.shape, data })));
}

/** A graph with the outputs loss, slope (sum of the weighed first derivatives), first.I and second.I by input I. */
function derivativesOf(
  { key, inputs, build, sources }: Subject & { readonly sources: readonly number[] },
  tensors: readonly (Tensor | null)[],
  constant: boolean,
): Graph {
  const graph = new Graph();
  const values = tensors.map((tensor, index) => {
    if (!tensor) return null;
    const known = inputs[index]?.constant === true || constant;
    return known ? graph.constant(tensor, `input${index}`) : graph.input(`input${index}`, tensor);
  });
  const by = sources.flatMap((index) => values[index] ?? []);
  const total = (terms: readonly Value[]): Value => {
    const [first, ...rest] = terms;
    if (!first) throw new Error("nothing to add up");
    return rest.reduce((sum, term) => add(sum, term), first);
  };
  const results = build(graph, values).filter((value) => value.dtype === "float64");
  const loss = total(results.map((value, index) => weighed(value, `${key}.output${index}`)));
  const first = gradients(loss, by);
  const slope = total(first.map((value, index) => weighed(value, `${key}.first${index}`)));
  const second = gradients(slope, by);
  graph.output("loss", loss);
  graph.output("slope", slope);
  sources.forEach((source, index) => {
    const [slopeBy, curvatureBy] = [first[index], second[index]];
    if (slopeBy) graph.output(`first.${source}`, slopeBy);
    if (curvatureBy) graph.output(`second.${source}`, curvatureBy);
  });
  return graph;
}

/** A few places spread over a tensor; all of it when it is small. */
function places(count: number): readonly number[] {
  const wanted = Math.min(count, 12);
  return Array.from({ length: wanted }, (_, i) => Math.floor((i * count) / wanted));
}

function feedsOf(
  tensors: readonly (Tensor | null)[],
  input = -1,
  element = 0,
  step = 0,
): Record<string, Tensor> {
  return Object.fromEntries(
    tensors.flatMap((tensor, index) => {
      if (!tensor) return [];
      if (index !== input) return [[`input${index}`, tensor] as const];
      const data = Float64Array.from(toNumbers(tensor));
      data[element] = (data[element] ?? 0) + step;
      return [[`input${index}`, { dtype: "float64", shape: tensor.shape, data } satisfies Tensor] as const];
    }),
  );
}

function numbersOf(results: Record<string, Tensor>, name: string): number[] {
  const tensor = results[name];
  if (!tensor) throw new Error(`no output ${name}`);
  return toNumbers(tensor);
}

function expectClose(got: number, want: number, what: string): void {
  expect(Math.abs(got - want), `${what}: ${got} for ${want}`).toBeLessThanOrEqual(
    2e-6 * Math.max(1, Math.abs(want)),
  );
}

/** Inputs to differentiate by; none when the results are not floats or no gradient is defined. */
function differentiated({ key, inputs, build }: Subject): readonly number[] {
  const name = names.find((candidate) => candidate === operatorOf(key));
  if (name && (operators[name].gradient === "none" || name === "BatchNormalizationOfBatch")) return [];
  const graph = new Graph();
  const results = build(
    graph,
    tensorsOf({ key, inputs, build }).map((tensor) => tensor && graph.constant(tensor)),
  );
  if (!results.some((value) => value.dtype === "float64")) return [];
  const skipped = refused[operatorOf(key)] ?? [];
  return inputs.flatMap((input, index) => (isFloat(input) && !skipped.includes(index) ? [index] : []));
}

const subjects = [...operatorSubjects, ...functionSubjects]
  .map((candidate) => ({ ...candidate, sources: differentiated(candidate) }))
  .filter(({ sources }) => sources.length > 0);

describe.each(subjects)("$key", (subject) => {
  const tensors = tensorsOf(subject);

  it("first and second derivatives equal central differences", () => {
    const graph = derivativesOf(subject, tensors, false);
    const results = evaluateReference(graph, feedsOf(tensors));
    const step = 1e-5;
    // Inputs that must be known when the graph is built are moved by building it anew.
    const evaluated = (input: number, element: number, by: number): Record<string, Tensor> => {
      const moved = feedsOf(tensors, input, element, by);
      if (subject.inputs[input]?.constant !== true) return evaluateReference(graph, moved);
      const own = tensors.map((_, index) => moved[`input${index}`] ?? null);
      return evaluateReference(derivativesOf(subject, own, false), moved);
    };
    for (const input of subject.sources) {
      const [first, second] = [numbersOf(results, `first.${input}`), numbersOf(results, `second.${input}`)];
      for (const element of places(first.length)) {
        const [above, below] = [evaluated(input, element, step), evaluated(input, element, -step)];
        const difference = (name: string): number =>
          ((numbersOf(above, name)[0] ?? NaN) - (numbersOf(below, name)[0] ?? NaN)) / (2 * step);
        expectClose(first[element] ?? NaN, difference("loss"), `first by input ${input}[${element}]`);
        expectClose(second[element] ?? NaN, difference("slope"), `second by input ${input}[${element}]`);
      }
    }
  });

  it("derivatives by constants are the same", () => {
    const wanted = evaluateReference(derivativesOf(subject, tensors, false), feedsOf(tensors));
    const got = evaluateReference(derivativesOf(subject, tensors, true), {});
    for (const name of Object.keys(wanted)) {
      const want = numbersOf(wanted, name);
      numbersOf(got, name).forEach((number, i) => expectClose(number, want[i] ?? NaN, `${name}[${i}]`));
    }
  });
});

describe.each(Object.entries(refused))("derivatives of %s that do not exist", (name, indices) => {
  it("are refused", () => {
    for (const subject of operatorSubjects.filter(({ key }) => operatorOf(key) === name)) {
      for (const index of indices) {
        const graph = new Graph();
        const values = tensorsOf(subject).map((tensor) => tensor && graph.constant(tensor));
        const source = values[index];
        if (!subject.inputs[index]) continue;
        const [result] = subject.build(graph, values);
        if (!source || !result) throw new Error("no value");
        const seed = graph.constant({
          dtype: result.dtype,
          shape: result.shape,
          data: new Float64Array(sizeOf(result.shape)).fill(1),
        });
        const derivative = (): unknown => vectorJacobian([result], [seed], [source]);
        expect(derivative).toThrowError(OalError);
        expect(derivative).toThrowError(expect.objectContaining({ code: "OAL-G103" }));
      }
    }
  });
});
