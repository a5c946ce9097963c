/**
 * Every operator of the table at every one of its test points: the engine equals the plain reference, and the gradient
 * rule equals central differences of the reference in float64. All points share one model, so the engine starts once.
 */
import {
  abs,
  Graph,
  gradients,
  Random,
  evaluateReference,
  layerNorm,
  maximum,
  maxPool2d,
  minimum,
  mul,
  pow,
  relu,
  softmax,
  operators,
  reduceSum,
  reshape,
  sizeOf,
  toNumbers,
  vectorJacobian,
  type OperatorName,
  type Tensor,
  type TestInput,
  type TestPoint,
  type Value,
} from "oal-core";
import { beforeAll, describe, expect, it } from "vitest";
import { runOnce } from "../../packages/oal/src/testing/engine.js";

const names = Object.keys(operators).filter((name): name is OperatorName => name in operators);

/** The statistics of this operator are held fixed by its rule's definition; functions.test.ts tests it whole. */
const withoutDifferences: readonly string[] = ["BatchNormalizationOfBatch"];

/** Operators of ONNX Runtime's blocked domain exist on some CPUs only; blockedLayout.test.ts tests them. */
const blockedNames: readonly string[] = [
  "BlockedAveragePool",
  "BlockedConv",
  "BlockedGlobalAveragePool",
  "BlockedMaxPool",
  "BlockedUpsample",
  "ReorderInput",
  "ReorderOutput",
];

interface Point {
  readonly key: string;
  readonly name: OperatorName;
  readonly point: TestPoint;
  readonly tensors: readonly (Tensor | null)[];
  readonly outputs: readonly string[];
  readonly gradients: readonly { readonly input: number; readonly output: string }[];
  readonly weights: readonly (readonly number[])[];
}

const graph = new Graph();
const feeds: Record<string, Tensor> = {};
const points: Point[] = names.flatMap((name) =>
  operators[name].testPoints.map((point, index) => addPoint(name, point, `${name}.${index}`)),
);
let engine: Record<string, Tensor> = {};
let plain: Record<string, Tensor> = {};

function addPoint(name: OperatorName, point: TestPoint, key: string): Point {
  const tensors = point.inputs.map((input, index) => (input ? drawn(input, `${key}.${index}`) : null));
  const values = tensors.map((tensor, index) => {
    if (!tensor) return null;
    if (point.inputs[index]?.constant === true) return graph.constant(tensor);
    feeds[`${key}.input${index}`] = tensor;
    return graph.input(`${key}.input${index}`, tensor);
  });
  const results = graph.node(operators[name], values, point.attributes);
  const outputs = results.map((value, index) => named(`${key}.output${index}`, value));
  const weights = results.map((value, index) => [
    ...new Random(7, `${key}.weight${index}`).uniforms(0, sizeOf(value.shape)),
  ]);
  const sources = values.flatMap((value, input) =>
    value && isDifferentiable(name, value) ? [{ value, input }] : [],
  );
  const differentiated = results.flatMap((value, index) => {
    if (value.dtype !== "float32") return [];
    const data = Float32Array.from(weights[index] ?? []);
    return [{ value, seed: graph.constant({ dtype: "float32", shape: value.shape, data }) }];
  });
  const gradients =
    sources.length === 0 || differentiated.length === 0
      ? []
      : vectorJacobian(
          differentiated.map(({ value }) => value),
          differentiated.map(({ seed }) => seed),
          sources.map(({ value }) => value),
        ).map((gradient, index) => {
          const input = sources[index]?.input ?? 0;
          return { input, output: named(`${key}.gradient${input}`, gradient) };
        });
  return { key, name, point, tensors, outputs, gradients, weights };
}

/** Constants too; only an enlargement's factors decide a shape. */
function isDifferentiable(name: OperatorName, value: Value): boolean {
  if (name === "Resize" && value.constant) return false;
  return operators[name].gradient !== "none" && value.dtype === "float32";
}

function named(name: string, value: Value): string {
  graph.output(name, value);
  return name;
}

function drawn(input: TestInput, purpose: string): Tensor {
  const count = sizeOf(input.shape);
  const [low, high] = input.range ?? [-1, 1];
  const numbers =
    input.values ?? Array.from(new Random(3, purpose).uniforms(0, count), (u) => low + u * (high - low));
  const { dtype, shape } = input;
  if (dtype === "int64") return { dtype, shape, data: BigInt64Array.from(numbers, BigInt) };
  if (dtype === "int8") return { dtype, shape, data: Int8Array.from(numbers) };
  if (dtype === "float32") return { dtype, shape, data: Float32Array.from(numbers) };
  return { dtype, shape, data: Uint8Array.from(numbers) };
}

/** sum over outputs of output * weight, in float64, with one element of one input moved. */
function lossAt(
  { name, point, tensors, weights }: Point,
  input: number,
  element: number,
  step: number,
): number {
  const moved = tensors.map((tensor, index) => {
    if (tensor?.dtype !== "float32") return tensor;
    const data = Float64Array.from(toNumbers(tensor));
    if (index === input) data[element] = (data[element] ?? 0) + step;
    return { dtype: "float64", shape: tensor.shape, data } as const;
  });
  const results = operators[name].reference(moved, point.attributes ?? {}).map((result, index) =>
    // The statistics are float32 whatever x is, too coarse for differences.
    name === "LayerNormalization" && index > 0 ? rowStatistic(moved[0], result, point, index) : result,
  );
  let loss = 0;
  results.forEach((result, index) => {
    if (result.dtype !== "float64") return;
    toNumbers(result).forEach((number, i) => (loss += number * (weights[index]?.[i] ?? 0)));
  });
  return loss;
}

/** Mean (index 1) or 1/std (index 2) of the rows of x, in float64. */
function rowStatistic(x: Tensor | null | undefined, like: Tensor, point: TestPoint, index: number): Tensor {
  const elements = x ? toNumbers(x) : [];
  const length = elements.length / like.data.length;
  const data = Float64Array.from({ length: like.data.length }, (_, row) => {
    const own = elements.slice(row * length, (row + 1) * length);
    const mean = own.reduce((sum, element) => sum + element, 0) / length;
    const variance = own.reduce((sum, element) => sum + (element - mean) ** 2, 0) / length;
    const epsilon = point.attributes?.["epsilon"];
    return index === 1 ? mean : 1 / Math.sqrt(variance + (typeof epsilon === "number" ? epsilon : 1e-5));
  });
  return { dtype: "float64", shape: like.shape, data };
}

function expectNear(got: readonly number[], want: readonly number[], tolerance: number, what: string): void {
  expect(got.length, what).toBe(want.length);
  const scale = Math.max(1, ...want.map((number) => (Number.isFinite(number) ? Math.abs(number) : 0)));
  got.forEach((number, i) => {
    if (Object.is(number, want[i])) return;
    expect(
      Math.abs(number - (want[i] ?? NaN)),
      `${what}[${i}]: ${number} for ${want[i]}`,
    ).toBeLessThanOrEqual(tolerance * scale);
  });
}

const numbersOf = (results: Record<string, Tensor>, name: string): number[] => {
  const tensor = results[name];
  if (!tensor) throw new Error(`no output ${name}`);
  return toNumbers(tensor);
};

beforeAll(async () => {
  plain = evaluateReference(graph, feeds);
  engine = await runOnce(graph, feeds);
});

describe.each(names)("operator %s", (name) => {
  const own = points.filter((point) => point.name === name);

  it("has test points, and its key is its name", () => {
    expect(operators[name].name).toBe(name);
    if (blockedNames.includes(name)) return;
    expect(own.length).toBeGreaterThan(0);
  });

  it("engine equals reference", () => {
    for (const { key, outputs } of own) {
      for (const output of outputs) {
        expect(engine[output]?.shape, key).toEqual(plain[output]?.shape);
        expect(engine[output]?.dtype, key).toBe(plain[output]?.dtype);
        expectNear(numbersOf(engine, output), numbersOf(plain, output), 3e-6, output);
      }
    }
  });

  it.skipIf(own.every((point) => point.gradients.length === 0))("gradient equals central differences", () => {
    for (const point of own) {
      for (const { input, output } of point.gradients) {
        const got = numbersOf(engine, output);
        expectNear(got, numbersOf(plain, output), 3e-5, `${output} against the reference`);
        if (withoutDifferences.includes(name)) continue;
        const step = 1e-4;
        const want = got.map(
          (_, element) =>
            (lossAt(point, input, element, step) - lossAt(point, input, element, -step)) / (2 * step),
        );
        expectNear(got, want, 3e-5, `${output} against differences`);
      }
    }
  });
});

describe("composition", () => {
  it("differentiates a gradient: second derivatives of a cube", () => {
    const cubes = new Graph();
    const x = cubes.input("x", { dtype: "float32", shape: [3] });
    const loss = reduceSum(mul(mul(x, x), x));
    const [first] = vectorJacobian([loss], [cubes.scalar(1)], [x]);
    if (!first) throw new Error("no gradient");
    const [second] = vectorJacobian([reduceSum(first)], [cubes.scalar(1)], [x]);
    if (!second) throw new Error("no second gradient");
    cubes.output("second", reshape(second, [3]));
    const { second: got } = evaluateReference(cubes, {
      x: { dtype: "float32", shape: [3], data: Float32Array.of(1, -2, 3) },
    });
    expect(got && toNumbers(got)).toEqual([6, -12, 18]);
  });
});

describe("float64 in the engine", () => {
  const doubles = new Graph();
  const x = doubles.input("x", { dtype: "float64", shape: [1, 1, 2, 4] });
  const gains = doubles.constant({ dtype: "float64", shape: [4], data: Float64Array.of(1, 2, 3, 4) });
  const feeds64 = {
    x: { dtype: "float64", shape: [1, 1, 2, 4], data: Float64Array.of(-2, 1, 0.5, 3, -1, 0, 2, -0.5) },
  } as const;
  const functions: Record<string, (value: Value) => Value> = {
    abs,
    relu,
    maximum: (value) => maximum(value, 0.5),
    minimum: (value) => minimum(value, 0.5),
    maxPool2d: (value) => maxPool2d(value, { kernel: 2 }),
    layerNorm: (value) => layerNorm(value, gains, null),
    softmax,
    pow: (value) => pow(value, 3),
  };

  it("losses are differentiated as in the reference", async () => {
    for (const [name, build] of Object.entries(functions)) {
      const value = build(x);
      gradients(reduceSum(mul(value, value)), [x]).forEach((slope) => doubles.output(name, slope));
    }
    const got = await runOnce(doubles, feeds64);
    const want = evaluateReference(doubles, feeds64);
    for (const name of Object.keys(functions)) {
      expect(got[name]?.dtype).toBe("float64");
      expectNear(numbersOf(got, name), numbersOf(want, name), 1e-6, name);
    }
  });
});
